//! What the kernel says about processes, and what this machine is.

use anyhow::{Context, Result};
use std::fs;
use std::time::Duration;

/// A tick of the kernel's CPU accounting; 100 a second on every Linux we run on.
const TICK: Duration = Duration::from_millis(10);

/// CPU time these processes have used.
pub(crate) fn cpu(pids: &[u32]) -> Result<Duration> {
    pids.iter().map(|pid| cpu_of(*pid)).sum()
}

fn cpu_of(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is not there any more"))?;
    let ticks = ticks(&stat).with_context(|| format!("/proc/{pid}/stat is not as expected"))?;
    Ok(TICK * ticks)
}

/// User and system time: fields 14 and 15; the name in brackets may hold blanks.
fn ticks(stat: &str) -> Option<u32> {
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

/// Memory of a process that is in RAM, in bytes.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

/// Cores and their model.
pub(crate) fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores, {}", model.map_or("unknown model", |(_, model)| model.trim()))
}

/// How busy the machine is: runnable processes averaged over the last minute.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_ascii_whitespace().next().unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_does_not_shift_the_fields() {
        let stat = "71 (a) b (c)) S 1 71 71 0 -1 4194560 0 0 0 0 120 34 0 0 20 0 1 0 98765 0 0";
        assert_eq!(ticks(stat), Some(154));
        assert_eq!(ticks("71 (cut"), None);
    }

    #[test]
    fn we_ourselves_use_memory() {
        assert!(resident(std::process::id()).unwrap() > 1 << 20);
    }
}
