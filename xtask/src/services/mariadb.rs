//! MariaDB, with the settings a ledger needs, a database `mall`, and a user of that name.
//!
//! The user may make further databases whose names begin with `mall_`, so that every test can have its
//! own. Accounts are written by the server itself before it accepts the first connection.

use super::server::{self, Server, is_a_server};
use super::{knock, random_text, write_private};
use crate::place::which;
use crate::process::{Bond, Launch};
use crate::wait::{Tick, quietly};
use anyhow::{Context, Result, bail};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program.
pub const PROGRAM: &str = "mariadbd";
/// The program that fills an empty folder.
pub const INSTALL_PROGRAM: &str = "mariadb-install-db";

/// A private MariaDB.
#[derive(Debug)]
pub struct MariaDb {
    server: Server,
    password: String,
}

impl MariaDb {
    /// Starts one on a fresh or an existing folder, and waits until it answers.
    pub fn start(dir: &Path, port: Option<u16>) -> Result<Self> {
        Self::start_watched(dir, port, &mut quietly)
    }

    /// The same, while somebody is watching.
    pub fn start_watched(dir: &Path, port: Option<u16>, tick: Tick<'_>) -> Result<Self> {
        server::start(port, tick, |port| Self::prepare(dir, port, Bond::Leashed))
    }

    /// One that is not started yet.
    pub fn prepare(dir: &Path, port: u16, bond: Bond) -> Result<Self> {
        let dir = server::folder(dir)?;
        let program = which(PROGRAM).context("mariadbd is not installed")?;
        let data = dir.join("data");
        install(&dir, &data)?;
        // Its own: a server that starts deletes what others keep in a shared one.
        let temporary = dir.join("tmp");
        std::fs::create_dir_all(&temporary).with_context(|| temporary.display().to_string())?;
        let password = password(&dir)?;
        let accounts = dir.join("accounts.sql");
        write_private(&accounts, &accounts_sql(&password))?;
        let mut args = vec![
            "--no-defaults".to_owned(),
            format!("--datadir={}", data.display()),
            format!("--tmpdir={}", temporary.display()),
            // Relative to the data, because the path of a socket may have 107 bytes only.
            "--socket=mariadb.sock".to_owned(),
            format!("--port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            format!("--init-file={}", accounts.display()),
            // Settled is settled: both logs are on disk when a commit is answered.
            "--log-bin=binlog".to_owned(),
            "--binlog-format=ROW".to_owned(),
            "--server-id=1".to_owned(),
            "--sync-binlog=1".to_owned(),
            "--innodb-flush-log-at-trx-commit=1".to_owned(),
            "--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION".to_owned(),
            "--transaction-isolation=READ-COMMITTED".to_owned(),
            "--character-set-server=utf8mb4".to_owned(),
            "--default-time-zone=+00:00".to_owned(),
            "--max-connections=500".to_owned(),
            // A million orders and their indexes; the default of 128 MB would read them from the disk again
            // and again.
            "--innodb-buffer-pool-size=512M".to_owned(),
            // Readiness probes hang up before they log in, which counts as an error of theirs.
            "--max-connect-errors=4294967295".to_owned(),
            "--binlog-expire-logs-seconds=86400".to_owned(),
        ];
        args.extend(user().map(str::to_owned));
        let launch = Launch {
            program,
            args: args.into_iter().map(Into::into).collect(),
            envs: Vec::new(),
            log: dir.join("mariadb.log"),
            dir,
        };
        Ok(Self { server: Server::new("mariadb", launch, bond, port, ready), password })
    }

    /// The database `mall` as its user.
    pub fn url(&self) -> String {
        format!("mysql://mall:{}@127.0.0.1:{}/mall", self.password, self.port())
    }

    /// The server as its administrator, for tests that change settings.
    pub fn admin_url(&self) -> String {
        format!("mysql://root:{}@127.0.0.1:{}/mall", self.password, self.port())
    }

    /// What is common to all servers.
    pub fn into_server(self) -> Server {
        self.server
    }
}

/// The server refuses to run as root unless told so.
fn user() -> Option<&'static str> {
    let root = std::fs::metadata("/proc/self").is_ok_and(|us| std::os::unix::fs::MetadataExt::uid(&us) == 0);
    root.then_some("--user=root")
}

/// Fills an empty folder; a half-filled one is begun again.
fn install(dir: &Path, data: &PathBuf) -> Result<()> {
    if data.is_dir() {
        return Ok(());
    }
    let program = which(INSTALL_PROGRAM).context("mariadb-install-db is not installed")?;
    let half = dir.join("data.new");
    if half.exists() {
        std::fs::remove_dir_all(&half)?;
    }
    let output = Command::new(program)
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", half.display()))
        .args(user())
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        bail!(
            "mariadb-install-db failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    std::fs::rename(&half, data).context("cannot move the new database into place")
}

/// The password of this folder's accounts; made on first use.
fn password(dir: &Path) -> Result<String> {
    let file = dir.join("password");
    if let Ok(password) = std::fs::read_to_string(&file) {
        return Ok(password);
    }
    let password = random_text(24)?;
    write_private(&file, &password)?;
    Ok(password)
}

/// One statement a line, as the server reads it; right whether or not it was run before.
fn accounts_sql(password: &str) -> String {
    let mut sql = String::from("create database if not exists mall character set utf8mb4;\n");
    for host in ["127.0.0.1", "localhost"] {
        sql += &format!("create user if not exists 'mall'@'{host}';\n");
        sql += &format!("alter user 'mall'@'{host}' identified by '{password}';\n");
        sql += &format!("grant all on mall.* to 'mall'@'{host}';\n");
        sql += &format!("grant all on `mall\\_%`.* to 'mall'@'{host}';\n");
        sql += &format!("create user if not exists 'root'@'{host}';\n");
        sql += &format!("alter user 'root'@'{host}' identified by '{password}';\n");
        sql += &format!("grant all on *.* to 'root'@'{host}' with grant option;\n");
    }
    // Accounts a fresh folder comes with that have no password.
    sql += "delete from mysql.global_priv where User = '' \
        or (User = 'root' and Host not in ('127.0.0.1', 'localhost'));\n";
    sql + "flush privileges;\n"
}

/// It greets whoever connects, but only once the accounts are written.
fn ready(port: u16, _log: &str) -> bool {
    let ask = || -> Result<bool> {
        let mut greeting = [0; 5];
        knock(port)?.read_exact(&mut greeting)?;
        // Version of the protocol, behind length and number of the packet; an error packet has 255 there.
        Ok(greeting[4] == 10)
    };
    ask().unwrap_or(false)
}

is_a_server!(MariaDb);
