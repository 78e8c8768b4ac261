//! Damage to the data of stores that do not run, and to rows of one that does.

use anyhow::{Context, Result};
use fastrand::Rng;
use sqlx::{Connection as _, MySqlConnection};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Folder of Redis's log beneath its own.
const AOF: &str = "appendonlydir";
/// Longest piece of the order log that is cut off: less than a second of orders.
const KAFKA_CUT_MAX: u64 = 4_000;

/// Redis forgets everything.
pub(super) fn empty_redis(dir: &Path) -> Result<()> {
    fs::remove_dir_all(dir.join(AOF)).context("Redis's data")
}

/// Redis's log ends so many bytes earlier. What is left may end in the middle of a command, which Redis
/// mends by itself.
pub(super) fn cut_redis(dir: &Path, bytes: u64) -> Result<()> {
    let newest = newest(&dir.join(AOF), |name| name.ends_with(".incr.aof"))?;
    cut(&newest.context("Redis has no log")?, bytes)
}

/// Copies Redis's data while it runs: a beginning of its log, as a replica that lags has it.
pub(super) fn copy_redis(dir: &Path, copy: &Path) -> Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    fs::create_dir_all(copy)?;
    for file in fs::read_dir(dir.join(AOF))? {
        let file = file?;
        fs::copy(file.path(), copy.join(file.file_name()))?;
    }
    Ok(())
}

/// Puts the copy in the place of what is there.
pub(super) fn put_back(copy: &Path, dir: &Path) -> Result<()> {
    fs::remove_dir_all(dir.join(AOF))?;
    Ok(fs::rename(copy, dir.join(AOF))?)
}

/// The newest segment of one partition of the order log ends earlier, as after a power cut.
pub(super) fn cut_kafka(dir: &Path, dice: &mut Rng) -> Result<()> {
    let mut partitions = Vec::new();
    for folder in fs::read_dir(dir.join("data"))? {
        let folder = folder?.path();
        if folder.is_dir() && folder.to_string_lossy().contains(".orders-") {
            partitions.push(folder);
        }
    }
    partitions.sort();
    let folder = dice.choice(&partitions).context("Kafka has no order log")?;
    let newest = newest(folder, |name| name.ends_with(".log"))?;
    cut(&newest.context("a partition without a segment")?, dice.u64(1..KAFKA_CUT_MAX))
}

/// Holds the row of every sale for a while, as a report that somebody runs by hand would.
pub(super) async fn hold_the_sales(url: &str, lasts: Duration) -> Result<()> {
    let mut connection = MySqlConnection::connect(url).await?;
    let mut tx = connection.begin().await?;
    sqlx::query("select id from flash_sale for update").fetch_all(&mut *tx).await?;
    tokio::time::sleep(lasts).await;
    // It may have been ended by the server, which lets go as well.
    let _ = tx.rollback().await;
    Ok(())
}

fn newest(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Option<PathBuf>> {
    let mut names: Vec<PathBuf> = Vec::new();
    for file in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = file?.path();
        if path.file_name().is_some_and(|name| wanted(&name.to_string_lossy())) {
            names.push(path);
        }
    }
    names.sort_by_key(|path| fs::metadata(path).and_then(|file| file.modified()).ok());
    Ok(names.pop())
}

fn cut(file: &Path, bytes: u64) -> Result<()> {
    let out = OpenOptions::new().write(true).open(file)?;
    let length = out.metadata()?.len();
    Ok(out.set_len(length.saturating_sub(bytes))?)
}
