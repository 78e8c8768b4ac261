//! What a test function is too small for: the simulator over many seeds, a look whether it finds what is
//! known to be wrong, a short campaign, the walks of the documents, and a few visitors sent by k6. They run
//! after the tests, with the programs these were built with.

use super::results::Tally;
use super::{Options, follow};
use crate::campaign;
use crate::cargo;
use crate::console::Console;
use crate::load;
use crate::place::Place;
use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All of them.
const PROOFS: [&str; 5] = ["simulate", "mutants", "campaign", "walk", "k6"];
/// What a person is told to paste into a shell: document, heading, and what is seen where the walk does not
/// look itself.
const WALKS: [(&str, &str, &str); 3] = [
    ("README.md", "One purchase by hand", "\"status\":\"paid\""),
    ("docs/walk.md", "A shopper", ""),
    ("docs/walk.md", "Shop staff", ""),
];
/// Lines told again at the end of the output when a proof fails, which is often all that is kept of it.
const KEPT_LINES: usize = 12;
/// Where these documents find addresses.
const ADDRESSES: &str = "target/dev/env";

/// Runs those that were asked for, and counts them with the tests.
pub(super) fn run(
    place: &Place,
    console: &Console,
    options: &Options,
    tally: &mut Tally,
    skipped: &mut Vec<(&'static str, String)>,
    optional: &mut Vec<(&'static str, String)>,
) -> Result<()> {
    let wanted = |name: &str| {
        options.filters.is_empty() || options.filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    let wanted: Vec<_> = PROOFS.into_iter().filter(|name| wanted(name)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    // Together with the tests: alone, the programs would unify other features and be compiled anew.
    let mut build = cargo::cargo(place);
    build.args(["build", "--quiet", "--workspace", "--bins", "--tests"]);
    cargo::watch(console, "building what is proved with", &mut build)?;
    let mut proof = Proof { place, console, programs: place.target().join("debug"), said: VecDeque::new() };
    for name in wanted {
        if name == "k6"
            && let Err(error) = load::k6(place, console)
        {
            optional.push((name, format!("{error:#}")));
            continue;
        }
        if ["campaign", "walk", "k6"].contains(&name) && !skipped.is_empty() {
            skipped.push((name, "it needs every store".to_owned()));
            continue;
        }
        println!("\nproof {name}");
        proof.said.clear();
        let holds = match name {
            "simulate" => proof.simulator(&["--seeds", "5000", "--threads", "2"])?,
            "mutants" => proof.simulator(&["--mutants"])?,
            "campaign" => proof.campaign()?,
            "k6" => proof.k6()?,
            _ => proof.walks()?,
        };
        println!("proof {name} ... {}", if holds { "ok" } else { "FAILED" });
        tally.passed += usize::from(holds);
        tally.failed += usize::from(!holds);
        if !holds {
            tally.complaints.push(format!("failed: proof {name}"));
            tally.complaints.extend(proof.said.iter().map(|line| format!("    {line}")));
        }
    }
    Ok(())
}

struct Proof<'a> {
    place: &'a Place,
    console: &'a Console,
    programs: PathBuf,
    /// The last lines of what it wrote.
    said: VecDeque<String>,
}

impl Proof<'_> {
    fn simulator(&mut self, args: &[&str]) -> Result<bool> {
        self.ends_well(Command::new(self.programs.join("simulator")).args(args))
    }

    fn campaign(&mut self) -> Result<bool> {
        let mut command = campaign::command(&self.programs.join("campaign"));
        command.args(["--minutes", "3"]).arg("--programs").arg(&self.programs);
        self.ends_well(command.arg("--out").arg(self.place.target().join("test/campaign")))
    }

    /// Visitors of k6, and the books after them.
    fn k6(&mut self) -> Result<bool> {
        self.in_a_house("test/k6", |this, dev| {
            this.ends_well(this.xtask(dev).args(["load", "--k6", "smoke"]))
        })
    }

    fn walks(&mut self) -> Result<bool> {
        self.in_a_house("test/walk", Self::walk)
    }

    /// A house of its own is put up for it, and taken down whatever it comes to.
    fn in_a_house(
        &mut self,
        folder: &str,
        proof: impl FnOnce(&mut Self, &Path) -> Result<bool>,
    ) -> Result<bool> {
        let dev = self.place.target().join(folder);
        let up = self.ends_well(self.xtask(&dev).args(["up", "--detach", "--fresh"]))?;
        let holds = up && proof(self, &dev)?;
        let said = self.said.clone();
        let ended = self.ends_well(self.xtask(&dev).arg("down"))?;
        if !holds {
            self.said = said;
        }
        Ok(holds && ended)
    }

    fn walk(&mut self, dev: &Path) -> Result<bool> {
        let mut walked = true;
        for (file, heading, seen) in WALKS {
            if walked {
                println!("\nwalk {heading}");
                let text = std::fs::read_to_string(self.place.root.join(file)).context(file)?;
                let script = script(&text, heading).replace(ADDRESSES, &dev.join("env").to_string_lossy());
                let look = format!("{{\n{script}\n}} | tee /dev/stderr | grep -c -F -e '{seen}' >/dev/null");
                let mut bash = Command::new("bash");
                walked =
                    self.ends_well(bash.args(["-eu", "-o", "pipefail", "-c", &look]).env("STARTS_IN", "5"))?;
            }
        }
        Ok(walked)
    }

    /// This program, with a house of its own and nothing of the caller's. The file that runs now was replaced
    /// by the build.
    fn xtask(&self, dev: &Path) -> Command {
        let mut command = Command::new(self.programs.join("xtask"));
        for (key, _) in std::env::vars_os() {
            let name = key.to_string_lossy();
            if name.starts_with("MALL_") || ["DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS"].contains(&&*name) {
                command.env_remove(&key);
            }
        }
        command.env("XTASK_DEV_DIR", dev).env("XTASK_PROGRAMS", &self.programs);
        command
    }

    fn ends_well(&mut self, command: &mut Command) -> Result<bool> {
        follow(self.console, command.current_dir(&self.place.root), &mut |line| {
            if self.said.len() == KEPT_LINES {
                self.said.pop_front();
            }
            self.said.push_back(line.to_owned());
        })
    }
}

/// The shell blocks under a heading, one after the other.
fn script(text: &str, heading: &str) -> String {
    let (mut under, mut code, mut script) = (false, false, String::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ").filter(|_| !code) {
            under = title == heading;
        } else if line.starts_with("```") {
            code = !code && under && line == "```sh";
        } else if code {
            script.push_str(line);
            script.push('\n');
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shell_blocks_under_the_heading_are_taken() {
        let text = "# T\n```sh\nno\n```\n## One\nwords\n```sh\na\n## a remark\n```\n### part\n```\nno\n```\n\
            ```sh\nb\n```\n## Two\n```sh\nno\n```\n";
        assert_eq!(script(text, "One"), "a\n## a remark\nb\n");
        assert_eq!(script(text, "Three"), "");
    }

    #[test]
    fn the_documents_have_what_is_walked() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for (file, heading, _) in WALKS {
            let script = script(&std::fs::read_to_string(root.join(file)).unwrap(), heading);
            assert!(script.contains(ADDRESSES), "{file} has nothing to walk under {heading}");
        }
    }
}
