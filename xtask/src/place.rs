//! Where things lie.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The folders of this project.
#[derive(Clone, Debug)]
pub struct Place {
    /// The workspace.
    pub root: PathBuf,
    /// State, data, logs and addresses of `up`.
    pub dev: PathBuf,
    /// Programs to use as they are; otherwise they are built.
    pub programs: Option<PathBuf>,
}

impl Place {
    /// Found from the environment: `XTASK_DEV_DIR` and `XTASK_PROGRAMS` move the last two.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir().context("there is no working directory")?;
        let root = here
            .ancestors()
            .find(|folder| folder.join("xtask/Cargo.toml").is_file())
            .context("run this inside of the project's folder")?
            .to_path_buf();
        let dev = std::env::var_os("XTASK_DEV_DIR").map_or_else(|| root.join("target/dev"), PathBuf::from);
        let programs = std::env::var_os("XTASK_PROGRAMS").map(PathBuf::from);
        Ok(Self { root, dev, programs })
    }

    /// A folder of data under `dev`, which `--fresh` deletes.
    pub fn data(&self) -> PathBuf {
        self.dev.join("data")
    }

    /// A program of ours.
    pub fn program(&self, name: &str) -> PathBuf {
        match &self.programs {
            Some(folder) => folder.join(name),
            None => self.target().join("release").join(name),
        }
    }

    /// Cargo's target folder.
    pub fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.root.join("target"), |dir| self.root.join(dir))
    }

    /// The path as a person in the project's folder would write it.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// A program by its name: in `PATH`, or where Debian keeps those for administrators.
pub fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
