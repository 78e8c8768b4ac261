//! `load`: visitors by the clock against what is up, users of goose, or a k6 script; then the proof.

use crate::cargo;
use crate::console::Console;
use crate::env_file;
use crate::place::{Place, which};
use crate::process::with_many_files;
use crate::state::State;
use crate::up;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The k6 that is built when there is none.
const K6: &str = "go.k6.io/k6@v1.8.1";
/// Scripts in `loadtest/k6`.
const SCRIPTS: [&str; 5] = ["smoke", "spike", "overload", "soak", "breakpoint"];
/// Users of goose, in the closed model.
const GOOSE: &str = "loadtest-goose";
/// Units of a sale when nobody says how many.
const UNITS: &str = "1000";

/// Runs the command: `--units N`, `--k6 SCRIPT` and `--goose SCENARIO` are ours, the rest is the driver's.
pub fn run(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    let (ours, rest) = split(args)?;
    let k6 = match &ours.script {
        Some(script) if SCRIPTS.contains(&script.as_str()) => Some(k6(place, console)?),
        Some(script) => bail!("there is no k6 script `{script}`: {}", SCRIPTS.join(", ")),
        None => None,
    };
    let more: &[&str] = if ours.goose.is_some() { &[GOOSE] } else { &[] };
    let state = State::load(&place.dev)?;
    if state.alive("engine").is_none() || state.alive("catalog-api").is_none() {
        console.say("nothing is up yet: `cargo xtask up --detach` first");
        up::run(place, console, up::Options { detach: true, ..up::Options::default() })?;
    }
    cargo::programs(console, place, more)?;
    let sale = sale(place, &ours.units)?;
    let time =
        Command::new("date").args(["-u", "+%Y-%m-%dT%H-%M-%SZ"]).output().context("cannot run date")?;
    let out = place.target().join("load").join(String::from_utf8_lossy(&time.stdout).trim());
    std::fs::create_dir_all(&out)?;
    match (k6, &ours.script) {
        (Some(k6), Some(script)) => {
            if !rest.is_empty() {
                bail!(
                    "`{}` is not for k6; its scripts read their numbers from the environment",
                    rest.join(" ")
                );
            }
            let mut command = Command::new(k6);
            command
                .args(["run", "--summary-export"])
                .arg(out.join("summary.json"))
                .arg(place.root.join(format!("loadtest/k6/{script}.js")))
                .current_dir(&place.root)
                .envs(&State::load(&place.dev)?.env)
                .env("SALE_ID", &sale);
            cargo::watch(console, &format!("k6 {script}"), &mut command)?;
            reconcile(place, console, &sale)
        }
        _ => {
            let (program, first) = match &ours.goose {
                Some(scenario) => (GOOSE, vec!["--scenario", scenario.as_str()]),
                None => ("loadtest", vec!["load"]),
            };
            let mut command = Command::new("sh");
            command.args(with_many_files(&place.program(program))).current_dir(&place.root);
            command.args(first).args(["--sale", &sale, "--env"]).arg(place.dev.join("env"));
            command.arg("--out").arg(&out).args(rest);
            cargo::watch(console, "load", &mut command)
        }
    }
}

/// What is ours of the arguments.
#[derive(Debug, PartialEq, Eq)]
struct Ours {
    units: String,
    script: Option<String>,
    goose: Option<String>,
}

fn split(args: &[String]) -> Result<(Ours, Vec<String>)> {
    let mut ours = Ours { units: UNITS.to_owned(), script: None, goose: None };
    let mut rest = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().cloned().with_context(|| format!("{arg} wants a value"));
        match arg.as_str() {
            "--units" => ours.units = value()?,
            "--k6" => ours.script = Some(value()?),
            "--goose" => ours.goose = Some(value()?),
            other => rest.push(other.to_owned()),
        }
    }
    if ours.script.is_some() && ours.goose.is_some() {
        bail!("one of --k6 and --goose");
    }
    Ok((ours, rest))
}

/// The program, built with Go when it is missing.
pub fn k6(place: &Place, console: &Console) -> Result<PathBuf> {
    if let Some(installed) = which("k6") {
        return Ok(installed);
    }
    let folder = place.target().join("k6");
    let program = folder.join("k6");
    if !program.is_file() {
        let beside = PathBuf::from("/usr/local/go/bin/go");
        let go = which("go").or_else(|| beside.is_file().then_some(beside));
        let go = go.context("k6 is not installed, and neither is Go, which would build it")?;
        std::fs::create_dir_all(&folder)?;
        let mut command = Command::new(go);
        command.args(["install", K6]).env("GOBIN", &folder);
        cargo::watch(console, &format!("building {K6} (takes minutes, once)"), &mut command)?;
    }
    Ok(program)
}

/// A sale of its own, so that its books hold nothing else.
fn sale(place: &Place, units: &str) -> Result<String> {
    let output = Command::new(place.program("loadtest"))
        .args(["sale", "--units", units, "--env"])
        .arg(place.dev.join("env"))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run loadtest")?;
    if !output.status.success() {
        bail!("no sale could be made ({})", output.status);
    }
    let printed = env_file::trailing(&String::from_utf8_lossy(&output.stdout));
    printed.get("SALE_ID").cloned().context("loadtest did not say which sale it made")
}

/// k6 keeps no history, so only the books are left to be proved.
fn reconcile(place: &Place, console: &Console, sale: &str) -> Result<()> {
    let mut command = Command::new(place.program("engine"));
    command.args(["reconcile", "--sale", sale]).envs(&State::load(&place.dev)?.env);
    cargo::watch(console, "engine reconcile", &mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_script_are_ours_and_the_rest_is_passed_on() {
        let args: Vec<String> = "--rate 50 --units 7 --k6 smoke".split(' ').map(str::to_owned).collect();
        let (ours, rest) = split(&args).unwrap();
        assert_eq!(ours, Ours { units: "7".to_owned(), script: Some("smoke".to_owned()), goose: None });
        assert_eq!(rest, ["--rate", "50"]);
        let args: Vec<String> = "--goose mall --users 9".split(' ').map(str::to_owned).collect();
        let (ours, rest) = split(&args).unwrap();
        assert_eq!((ours.goose.as_deref(), ours.script), (Some("mall"), None));
        assert_eq!(rest, ["--users", "9"]);
        let both: Vec<String> = "--goose mall --k6 smoke".split(' ').map(str::to_owned).collect();
        assert!(split(&both).is_err());
        assert!(split(&["--units".to_owned()]).is_err());
    }

    #[test]
    fn every_script_is_there_and_no_other() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../loadtest/k6");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".js").map(str::to_owned))
            .collect();
        there.sort();
        let mut known = SCRIPTS.to_vec();
        known.push("buyer");
        known.sort_unstable();
        assert_eq!(there, known);
    }
}
