//! `fuzz`: strangers' input at a mall of its own. schemathesis makes calls out of the API description
//! and looks at every answer; sqlmap tries to get at the ledger through every parameter of every list.
//!
//! What the two have to know of this mall is in `xtask/fuzz`, in Python, as they are.

use crate::cargo;
use crate::console::Console;
use crate::down;
use crate::packages;
use crate::place::{Place, which};
use crate::state::State;
use crate::up;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The schemathesis that is installed into `target/fuzz` when it is missing there.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// What every answer is looked at for; the last is ours, in `hooks.py`.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,no_internal_error";

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The shop, as a shopper who is logged in.
    Wx,
    /// The back office, as staff who may do everything.
    Admin,
    /// The parameters of both.
    Sql,
}

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    what: What,
    minutes: u32,
    /// Calls per second of schemathesis at most.
    rate: u32,
    seed: Option<String>,
    /// A part of the paths to try.
    only: Option<String>,
}

/// Runs the command.
pub fn run(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    let options = options(args)?;
    let folder = place.target().join("fuzz");
    let mut place = place.clone();
    // What is fuzzed is not worth keeping, so it is not the mall somebody works with.
    if std::env::var_os("XTASK_DEV_DIR").is_none() {
        place.dev = folder.join("house");
    }
    let program = match options.what {
        What::Wx | What::Admin => schemathesis(console, &folder)?,
        What::Sql => sqlmap(console)?,
    };
    let state = State::load(&place.dev)?;
    let stays = state.alive("engine").is_some() && state.alive("catalog-api").is_some();
    if !stays {
        up::run(&place, console, up::Options { detach: true, fresh: true, ..up::Options::default() })?;
    }
    let tried = attempt(&place, console, &options, &program, &folder);
    if !stays {
        down::run(&place, console)?;
    }
    tried
}

fn attempt(place: &Place, console: &Console, options: &Options, program: &Path, folder: &Path) -> Result<()> {
    let scripts = place.root.join("xtask/fuzz");
    let url = State::load(&place.dev)?.env.get("CATALOG_URL").cloned();
    let url = url.context("`up` has not said where the mall is")?;
    let (name, mut command) = match options.what {
        What::Wx => ("wx", Command::new(program)),
        What::Admin => ("admin", Command::new(program)),
        What::Sql => ("sql", Command::new("python3")),
    };
    let out = folder.join(name);
    fs::create_dir_all(&out)?;
    command.current_dir(&out).env("FUZZ_ENV", place.dev.join("env")).env("FUZZ_OUT", &out);
    // The scripts are read where they stand; nothing is written beside them.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    if options.what == What::Sql {
        command.arg(scripts.join("sql.py")).arg(program).arg(options.minutes.to_string());
        command.args(&options.only);
    } else {
        command.env("FUZZ_SIDE", name).env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", &scripts);
        command.args(schemathesis_args(options, name, &url));
    }
    cargo::watch(console, &format!("fuzz {name}, {} min", options.minutes), &mut command)
        .with_context(|| format!("the lines above and {} say what was found", out.display()))
}

fn schemathesis_args(options: &Options, side: &str, url: &str) -> Vec<String> {
    let paths = format!("^/{side}/.*{}", options.only.as_deref().unwrap_or_default());
    let seconds = (options.minutes * 60).to_string();
    let rate = format!("{}/s", options.rate);
    let location = format!("{}/openapi.json", url.trim_end_matches('/'));
    let fixed = [
        ("--include-path-regex", paths.as_str()),
        ("--checks", CHECKS),
        ("--max-time", &seconds),
        ("--rate-limit", &rate),
        ("--workers", "1"),
        ("--request-timeout", "30"),
        // Hooks send the session; a made-up one would only be refused.
        ("--generation-with-security-parameters", "false"),
        ("--generation-database", "none"),
        ("--suppress-health-check", "all"),
    ];
    let mut args = vec!["run".to_owned(), location, "--continue-on-failure".to_owned()];
    args.extend(fixed.iter().flat_map(|(flag, value)| [(*flag).to_owned(), (*value).to_owned()]));
    if let Some(seed) = &options.seed {
        args.extend(["--seed".to_owned(), seed.clone()]);
    }
    args
}

/// In an environment of its own below `target`, made when it is missing.
fn schemathesis(console: &Console, folder: &Path) -> Result<PathBuf> {
    let venv = folder.join("venv");
    let program = venv.join("bin/schemathesis");
    if !program.is_file() {
        packages::ensure(console, packages::PYTHON)?;
        fs::create_dir_all(folder)?;
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&venv);
        cargo::watch(console, "making a Python environment", &mut make)
            .context("Debian keeps what this needs in python3-venv")?;
        let mut install = Command::new(venv.join("bin/pip"));
        install.args(["install", "--quiet", SCHEMATHESIS]);
        cargo::watch(console, &format!("installing {SCHEMATHESIS}"), &mut install)?;
    }
    Ok(program)
}

fn sqlmap(console: &Console) -> Result<PathBuf> {
    packages::ensure(console, packages::SQLMAP)?;
    which("sqlmap").context("sqlmap is missing")
}

fn options(args: &[String]) -> Result<Options> {
    let Some((what, rest)) = args.split_first() else { bail!("`fuzz` wants wx, admin or sql") };
    let (what, minutes) = match what.as_str() {
        "wx" => (What::Wx, 20),
        "admin" => (What::Admin, 20),
        "sql" => (What::Sql, 180),
        other => bail!("`fuzz` knows wx, admin and sql, not `{other}`"),
    };
    let mut options = Options { what, minutes, rate: 50, seed: None, only: None };
    let mut rest = rest.iter();
    while let Some(arg) = rest.next() {
        let value = rest.next().with_context(|| format!("{arg} wants a value"))?;
        let number = || value.parse::<u32>().ok().filter(|number| (1..=10_000).contains(number));
        let number = || number().with_context(|| format!("{arg} is a number from 1 to 10000"));
        match arg.as_str() {
            "--minutes" => options.minutes = number()?,
            "--rate" => options.rate = number()?,
            "--seed" => options.seed = Some(value.clone()),
            "--only" => options.only = Some(value.clone()),
            other => bail!("`fuzz` does not know `{other}`"),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let read = options(&words("admin --minutes 3 --rate 20 --seed 7 --only order")).unwrap();
        let (seed, only) = (Some("7".to_owned()), Some("order".to_owned()));
        assert_eq!(read, Options { what: What::Admin, minutes: 3, rate: 20, seed, only });
        for wrong in ["", "all", "wx --minutes", "wx --minutes 0", "wx --minutes x", "sql --level 5"] {
            assert!(options(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_one_side_is_called_with_every_check() {
        let read = options(&words("wx --only cart")).unwrap();
        let args = schemathesis_args(&read, "wx", "http://127.0.0.1:8080/");
        assert_eq!(args[1], "http://127.0.0.1:8080/openapi.json");
        for (flag, value) in
            [("--include-path-regex", "^/wx/.*cart"), ("--checks", CHECKS), ("--max-time", "1200")]
        {
            let at = args.iter().position(|arg| arg == flag).unwrap();
            assert_eq!(args[at + 1], value);
        }
        assert!(!CHECKS.contains(' '), "the list is one word");
    }
}
