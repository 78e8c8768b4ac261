//! The command line of the simulator.

use simulator::batch::{batch, find};
use simulator::mutant::Mutant;
use simulator::run::{catch_panics, run};
use simulator::story::Telling;
use simulator::world::Kit;
use std::process::ExitCode;
use std::sync::Arc;

const HELP: &str = "simulator [option…]

  --seeds N       run N seeds (1000)
  --from S        begin at seed S (0)
  --seed S        run seed S alone
  --trace         with --seed: tell its story line by line
  --threads N     run on N threads (1)
  --mutant NAME   with a rule taken out
  --mutants       for each rule: the first seed that misses it; up to --seeds (20000) are tried

A seed that fails, a kind of fault that never fired, or a mutant that survives ends with 1.
";

/// Seeds a mutant may survive.
const SURVIVES: u64 = 20_000;

#[derive(Default)]
struct Options {
    seeds: Option<u64>,
    from: u64,
    seed: Option<u64>,
    trace: bool,
    threads: Option<usize>,
    mutant: Option<Mutant>,
    mutants: bool,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    catch_panics();
    let well = match options.seed {
        Some(seed) => one(seed, &options),
        None if options.mutants => mutants(&options),
        None => many(&options),
    };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is not a number"));
        match arg.as_str() {
            "--seeds" => options.seeds = Some(number(value()?)?),
            "--from" => options.from = number(value()?)?,
            "--seed" => options.seed = Some(number(value()?)?),
            "--threads" => options.threads = Some(number(value()?)?.max(1) as usize),
            "--trace" => options.trace = true,
            "--mutants" => options.mutants = true,
            "--mutant" => {
                let name = value()?;
                let names: Vec<_> = Mutant::ALL.iter().map(|mutant| mutant.name()).collect();
                let mutant = Mutant::from_name(&name);
                options.mutant =
                    Some(mutant.ok_or(format!("no mutant {name}; there are {}", names.join(", ")))?);
            }
            _ => return Err(format!("{arg} is not known")),
        }
    }
    Ok(options)
}

fn one(seed: u64, options: &Options) -> bool {
    let telling = if options.trace { Telling::Printed } else { Telling::Hashed };
    let outcome = run(seed, options.mutant, telling, &Arc::new(Kit::default()));
    println!("{}", outcome.counts);
    println!("seed {seed}, story {:016x}, {} s of virtual time", outcome.hash, outcome.took.as_secs());
    for violation in &outcome.violations {
        println!("violated: {violation}");
    }
    println!("violations: {}", outcome.violations.len());
    outcome.violations.is_empty()
}

fn many(options: &Options) -> bool {
    let seeds = options.seeds.unwrap_or(1000);
    let report = batch(options.from..options.from + seeds, options.mutant, options.threads.unwrap_or(1));
    println!("seeds {} to {}", options.from, options.from + seeds - 1);
    println!("{report}");
    let missing = report.missing();
    for kind in &missing {
        println!("invalid: no {kind} in the whole batch");
    }
    if let Some((seed, _)) = report.failed.first() {
        let mutant = options.mutant.map(|mutant| format!(" --mutant {}", mutant.name())).unwrap_or_default();
        println!("again, line by line: cargo xtask simulate --seed {seed}{mutant} --trace");
    }
    report.failures == 0 && missing.is_empty()
}

fn mutants(options: &Options) -> bool {
    let seeds = options.seeds.unwrap_or(SURVIVES);
    let mut survivors = 0;
    for mutant in Mutant::ALL {
        match find(*mutant, options.from..options.from + seeds) {
            Some((seed, broken)) => {
                let needed = seed - options.from + 1;
                let broken = broken.split(':').next().unwrap_or_default();
                println!("{:<22} found at seed {seed:>6} ({needed} needed): {broken}", mutant.name());
            }
            None => {
                survivors += 1;
                println!("{:<22} survives {seeds} seeds: {}", mutant.name(), mutant.rule());
            }
        }
    }
    survivors == 0
}
