//! What is missing on a bare machine is installed through the system's package manager, after saying so.

use crate::console::Console;
use crate::place::which;
use crate::services::{kafka, mariadb, redis, redis_cluster};
use anyhow::{Context, Result, bail};
use std::process::Command;

/// A program the project starts, and the Debian package that brings it.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    program: &'static str,
    package: &'static str,
}

/// Programs of each store.
pub const REDIS: &[Need] = &[
    Need { program: redis::PROGRAM, package: "redis-server" },
    Need { program: redis_cluster::CLIENT, package: "redis-tools" },
];
/// Programs of each store.
pub const MARIADB: &[Need] = &[
    Need { program: mariadb::PROGRAM, package: "mariadb-server" },
    Need { program: mariadb::INSTALL_PROGRAM, package: "mariadb-server" },
];
/// Programs of each store.
pub const KAFKA: &[Need] =
    &[Need { program: "java", package: "default-jre-headless" }, Need { program: "mvn", package: "maven" }];
/// Programs `fuzz` runs.
pub const PYTHON: &[Need] = &[Need { program: "python3", package: "python3-venv" }];
/// Programs `fuzz` runs.
pub const SQLMAP: &[Need] =
    &[Need { program: "python3", package: "python3-venv" }, Need { program: "sqlmap", package: "sqlmap" }];

/// A browser for the pages.
pub const BROWSER: &[Need] = &[Need { program: "chromium", package: "chromium" }];

/// Installs what is missing.
pub fn ensure(console: &Console, needs: &[Need]) -> Result<()> {
    let missing: Vec<_> = needs.iter().filter(|need| which(need.program).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs = missing.iter().map(|need| need.program).collect::<Vec<_>>().join(", ");
    let mut packages: Vec<_> = missing.iter().map(|need| need.package).collect();
    packages.dedup();
    let Some(apt) = which("apt-get") else {
        bail!("{programs} is missing: {}", by_hand(&packages));
    };
    console.say(&format!("{programs} is missing; installing {} through apt-get", packages.join(", ")));
    if !is_root() && which("sudo").is_none() {
        bail!("installing needs root: run `apt-get install {}` as root, then again", packages.join(" "));
    }
    run(console, &apt, &["update"])?;
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(&packages);
    run(console, &apt, &args)?;
    match needs.iter().find(|need| which(need.program).is_none()) {
        None => Ok(()),
        Some(need) => bail!("{} is still missing after installing {}", need.program, need.package),
    }
}

fn run(console: &Console, apt: &std::path::Path, args: &[&str]) -> Result<()> {
    // The packages' own services must not start: the private ones are ours. Package scripts ask
    // invoke-rc.d, which does nothing in run level 1.
    let settings = ["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"];
    let mut command = if is_root() { Command::new("env") } else { Command::new("sudo") };
    if !is_root() {
        command.arg("env");
    }
    command.args(settings).arg(apt).arg("--quiet").args(args);
    crate::cargo::watch(console, &format!("apt-get {}", args.join(" ")), &mut command)
        .context("the package manager failed; install by hand and run again")
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|us| std::os::unix::fs::MetadataExt::uid(&us) == 0)
}

/// What to type where we do not install by ourselves.
fn by_hand(packages: &[&str]) -> String {
    let mut advice = Vec::new();
    for (manager, install, names) in [
        ("dnf", "sudo dnf install", ["redis", "mariadb-server", "java-21-openjdk-headless", "maven"]),
        ("pacman", "sudo pacman -S", ["redis", "mariadb", "jre-openjdk-headless", "maven"]),
        ("brew", "brew install", ["redis", "mariadb", "openjdk", "maven"]),
    ] {
        if which(manager).is_some() {
            let wanted = ["redis-server", "mariadb-server", "default-jre-headless", "maven"]
                .iter()
                .zip(names)
                .filter(|(package, _)| packages.contains(package))
                .map(|(_, name)| name)
                .collect::<Vec<_>>();
            advice.push(format!("`{install} {}`", wanted.join(" ")));
        }
    }
    if advice.is_empty() {
        advice.push(format!("install what Debian calls {}", packages.join(" ")));
    }
    format!(
        "run {}, then again (or name a server of yours in DATABASE_URL, REDIS_URL, KAFKA_BROKERS); Kafka is \
         version {} through Maven",
        advice.join(" or "),
        kafka::VERSION
    )
}
