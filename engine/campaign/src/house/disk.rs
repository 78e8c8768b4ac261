//! A small disk of its own under Redis, so that it can be full without harm to anybody else.
//!
//! It is a file system in memory, which only root may mount; without it no disk is ever full.

use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// More than Redis writes in the longest campaign.
const SIZE: &str = "size=256m";
/// What is in the way on a full disk.
const BALLAST: &str = "ballast";

/// A disk; it and what is on it are gone when this is dropped.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    dir: PathBuf,
}

impl SmallDisk {
    /// One under a folder.
    pub(super) fn under(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&dir).output()?;
        if !output.status.success() {
            bail!("mount: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(Self { dir })
    }

    /// Fills it to the last byte.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.dir.join(BALLAST)).context("ballast")?;
        for piece in [1 << 20, 1 << 12, 1] {
            while ballast.write_all(&vec![0; piece]).is_ok() {}
        }
        Ok(())
    }

    /// Throws out what filled it.
    pub(crate) fn clear(&self) -> Result<()> {
        fs::remove_file(self.dir.join(BALLAST)).context("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // For whoever reads it afterwards; a log that cannot be kept is no reason to keep the disk.
        let _ = fs::copy(self.dir.join("redis.log"), self.dir.with_extension("log"));
        clear_away(&self.dir);
    }
}

/// Takes away what a campaign that was killed has left at a folder, if there is anything.
pub(super) fn clear_away(dir: &Path) {
    let _ = Command::new("umount").arg("-l").arg(dir).stderr(Stdio::null()).status();
}
