//! What every buyer saw, one JSON line an answer, so that a run can be judged again later.

use anyhow::{Context, Result};
use chrono::Utc;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

/// One answer, or that there was none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When, unix ms.
    pub t: i64,
    /// Who asked.
    pub user: String,
    /// For what: `token`, `order`, `status`, `pay`, `cancel`.
    pub call: String,
    /// Which purchase token, as a short name of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Status; nothing when no answer came.
    pub answer: Option<u16>,
    /// The code of a refusal, or the state of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Which order it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_sn: Option<String>,
}

impl Seen {
    /// An answer that came just now, or did not.
    pub fn now(user: &str, call: &str, token: Option<&str>, answer: Option<u16>, body: &Value) -> Self {
        let word = |member: &str| body[member].as_str().map(str::to_owned);
        Self {
            t: Utc::now().timestamp_millis(),
            user: user.to_owned(),
            call: call.to_owned(),
            token: token.map(name_of),
            answer,
            code: word("code"),
            order_sn: word("order_sn"),
        }
    }
}

/// A name for a purchase token that does not let anybody use it.
pub fn name_of(token: &str) -> String {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Writes lines while the crowd is buying.
#[derive(Debug)]
pub struct Recorder {
    out: Mutex<BufWriter<File>>,
}

impl Recorder {
    /// Begins a new file.
    pub fn create(file: &Path) -> Result<Self> {
        Ok(Self { out: Mutex::new(private(file)?) })
    }

    /// Adds a line.
    pub fn add(&self, seen: &Seen) -> Result<()> {
        let line = serde_json::to_string(seen)?;
        let mut out = self.out.lock().ok().context("another writer panicked")?;
        Ok(writeln!(out, "{line}")?)
    }

    /// Makes sure that all is in the file.
    pub fn flush(&self) -> Result<()> {
        Ok(self.out.lock().ok().context("another writer panicked")?.flush()?)
    }
}

/// Writes a whole file of lines, readable for its owner only.
pub fn write<T: Serialize>(file: &Path, items: &[T]) -> Result<()> {
    let mut out = private(file)?;
    for item in items {
        writeln!(out, "{}", serde_json::to_string(item)?)?;
    }
    Ok(out.flush()?)
}

/// Reads a file of lines.
pub fn read<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>> {
    let name = || file.display().to_string();
    let input = File::open(file).with_context(|| format!("cannot read {}", name()))?;
    let lines = BufReader::new(input).lines();
    lines.map(|line| serde_json::from_str(&line?).with_context(|| format!("{} is damaged", name()))).collect()
}

fn private(file: &Path) -> Result<BufWriter<File>> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let out = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
    Ok(BufWriter::new(out.with_context(|| format!("cannot write {}", file.display()))?))
}
