//! `up` and `down` as a person runs them, with real stores. The two services are stand-ins (this very
//! program in another role), so that the handling of processes, ports and state is tested without
//! building the real ones.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use xtask::process::{Identity, Signal};
use xtask::state::State;
use xtask::wait;

/// The role a stand-in plays, and its arguments.
const ROLE: &str = "STAND_IN_ROLE";
const ARGS: &str = "STAND_IN_ARGS";
/// The test whose program the stand-ins are.
const HOST: &str = "up_starts_only_what_is_missing_and_down_stops_all_of_it";

/// A development folder of its own with stand-ins; everything in it is stopped at the end.
struct Site {
    dir: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

/// Two sites at a time would want the same usual ports.
static ALONE: Mutex<()> = Mutex::new(());

impl Site {
    fn new(name: &str) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let base = std::env::var_os("MALL_TEST_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let dir = base.join(format!("xtask-up-{name}-{}", std::process::id()));
        let programs = dir.join("programs");
        std::fs::create_dir_all(&programs).unwrap();
        let us = std::env::current_exe().unwrap();
        for role in ["engine", "catalog-api", "loadtest"] {
            let script = format!(
                "#!/bin/sh\n{ROLE}={role} {ARGS}=\"$*\" exec '{}' --exact {HOST} --nocapture\n",
                us.display()
            );
            let file = programs.join(role);
            std::fs::write(&file, script).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { dir, _alone: alone }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("XTASK_DEV_DIR", self.dir.join("dev"))
            .env("XTASK_PROGRAMS", self.dir.join("programs"))
            .env("STAND_IN_DIR", &self.dir);
        for name in ["DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Output {
        self.command(args).envs(env.iter().copied()).output().unwrap()
    }

    fn up(&self, env: &[(&str, &str)]) -> State {
        let output = self.run(&["up", "--detach"], env);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.state()
    }

    fn state(&self) -> State {
        State::load(&self.dir.join("dev")).unwrap()
    }

    fn env(&self) -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(self.dir.join("dev/env")).unwrap();
        text.lines().map(|line| line.split_once('=').unwrap()).map(|(k, v)| (k.into(), v.into())).collect()
    }

    /// How often a stand-in was asked to do something.
    fn asked(&self, what: &str) -> usize {
        let text = std::fs::read_to_string(self.dir.join("asked")).unwrap_or_default();
        text.lines().filter(|line| *line == what).count()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.run(&["down"], &[]);
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn identity(state: &State, name: &str) -> Identity {
    state.processes.get(name).unwrap_or_else(|| panic!("{name} is not remembered")).identity
}

/// What a service does, as far as `up` can see.
fn stand_in(role: &str) -> ! {
    let args = std::env::var(ARGS).unwrap();
    let dir = PathBuf::from(std::env::var_os("STAND_IN_DIR").unwrap());
    let asked = dir.join("asked");
    let mut asked = std::fs::OpenOptions::new().create(true).append(true).open(asked).unwrap();
    writeln!(asked, "{role} {args}").unwrap();
    if std::env::var("STAND_IN_FAILS").is_ok_and(|what| what == format!("{role} {args}")) {
        eprintln!("the stand-in was told to fail");
        std::process::exit(3);
    }
    match args.as_str() {
        "migrate" => std::process::exit(0),
        "seed" => {
            println!("\nseeded 20 goods");
            for key in ["SALE", "UPCOMING_SALE", "COUPON_SALE", "GOODS", "PRODUCT", "COUPON"] {
                println!("DEMO_{key}_ID=7");
            }
            println!("CAPTCHA_ANSWER=a b");
            std::process::exit(0);
        }
        _ => {}
    }
    let settings = if role == "engine" { "MALL_ENGINE" } else { "MALL_CATALOG" };
    let address = std::env::var(format!("{settings}__HTTP__PRIVATE_LISTEN")).unwrap();
    let public = std::env::var(format!("{settings}__HTTP__LISTEN")).unwrap();
    let _public = TcpListener::bind(public).unwrap();
    let listener = TcpListener::bind(address).unwrap();
    for (number, stream) in listener.incoming().enumerate() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 1024]);
        // Not ready at first, as a real service.
        let (status, body) =
            if number < 2 { ("503 Service Unavailable", "missing: desk") } else { ("200 OK", "ready") };
        let length = body.len();
        let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
    }
    unreachable!("a listener does not end");
}

#[test]
fn up_starts_only_what_is_missing_and_down_stops_all_of_it() {
    if let Ok(role) = std::env::var(ROLE) {
        stand_in(&role);
    }
    let site = Site::new("missing");
    let first = site.up(&[]);
    let env = site.env();
    for key in ["DATABASE_URL", "REDIS_URL", "ENGINE_URL", "CATALOG_PRIVATE_URL", "DEMO_COUPON_SALE_ID"] {
        assert!(env.contains_key(key), "{key} is missing from {env:?}");
    }
    assert_eq!(env["KAFKA_BROKERS"], "embedded");
    assert_eq!(env["CAPTCHA_ANSWER"], "'a b'");
    assert_eq!(env["STAFF_USER"], "admin123");
    for name in ["redis", "mariadb", "engine", "catalog-api"] {
        assert!(identity(&first, name).alive(), "{name} does not run");
    }

    // Again, from a shell that has sourced our file: nothing is started, nothing is taken for foreign.
    let sourced: Vec<_> = ["DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS"]
        .into_iter()
        .map(|key| (key, env[key].as_str()))
        .collect();
    let second = site.up(&sourced);
    assert_eq!(second.processes, first.processes);
    assert_eq!(site.asked("catalog-api seed"), 1);

    // The engine dies: it alone comes back, at the same address.
    identity(&first, "engine").signal(Signal::Kill).unwrap();
    let third = site.up(&sourced);
    assert_ne!(identity(&third, "engine"), identity(&first, "engine"));
    for name in ["redis", "mariadb", "catalog-api"] {
        assert_eq!(identity(&third, name), identity(&first, name), "{name} was started again");
    }
    assert_eq!(site.env(), env);

    let down = site.run(&["down"], &[]);
    assert!(down.status.success(), "{}", String::from_utf8_lossy(&down.stderr));
    for process in third.processes.values() {
        assert!(!process.identity.alive());
    }
    let again = site.run(&["down"], &[]);
    assert!(again.status.success() && String::from_utf8_lossy(&again.stdout).contains("nothing of ours"));

    // The data is still there, and so are the addresses.
    site.up(&sourced);
    assert_eq!(site.env()["DATABASE_URL"], env["DATABASE_URL"]);

    // Anew: another database, whose old address is still known as ours.
    let fresh = site.run(&["up", "--detach", "--fresh"], &sourced);
    assert!(fresh.status.success(), "{}", String::from_utf8_lossy(&fresh.stderr));
    assert_ne!(site.env()["DATABASE_URL"], env["DATABASE_URL"]);
    assert!(site.state().is_ours(&env["DATABASE_URL"]));
}

#[test]
fn in_front_it_stops_what_it_started_and_nothing_else() {
    let site = Site::new("front");
    let before = site.up(&[]);
    identity(&before, "engine").signal(Signal::Kill).unwrap();
    let mut front = site.command(&["up"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let _rest = wait_for_line(&mut front, "Ctrl-C");
    let during = site.state();
    assert_ne!(identity(&during, "engine"), identity(&before, "engine"));
    Identity::of(front.id()).unwrap().signal(Signal::Term).unwrap();
    assert!(front.wait().unwrap().success());
    assert!(!identity(&during, "engine").alive(), "what it started still runs");
    for name in ["redis", "mariadb", "catalog-api"] {
        assert!(identity(&during, name).alive(), "{name} was not its own to stop");
    }
}

/// The rest of the output must stay open, or the program could not write its last words.
fn wait_for_line(child: &mut Child, part: &str) -> impl Sized + use<> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(part)), "it ended without `{part}`");
    lines
}

#[test]
fn a_service_that_ends_at_its_start_is_named_and_nothing_is_left_running() {
    let site = Site::new("fails");
    let output = site.run(&["up", "--detach"], &[("STAND_IN_FAILS", "engine all")]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("engine ended at its start") && said.contains("was told to fail"), "{said}");
    assert!(said.contains("engine.log"), "{said}");
    assert!(site.state().processes.is_empty(), "{:?}", site.state().processes);

    let output = site.run(&["up", "--detach"], &[("STAND_IN_FAILS", "catalog-api migrate")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("catalog-api migrate failed"), "{said}");
    assert!(site.state().processes.is_empty());
}

#[test]
fn a_pid_that_belongs_to_somebody_else_now_is_left_alone() {
    let site = Site::new("foreign");
    let mut foreign = Command::new("sleep").arg("60").spawn().unwrap();
    let real = Identity::of(foreign.id()).unwrap();
    let mut state = State::default();
    let stale = Identity { start: real.start - 1, ..real };
    let process = xtask::state::Process { identity: stale, env: BTreeMap::new() };
    state.processes.insert("engine".to_owned(), process);
    state.save(&site.dir.join("dev")).unwrap();
    assert!(site.run(&["down"], &[]).status.success());
    assert!(real.alive(), "down ended somebody else's process");
    assert!(site.state().processes.is_empty());
    let status = real.end(Duration::from_secs(5), &mut wait::quietly).unwrap();
    assert_eq!(status, xtask::process::End::Asked);
    foreign.wait().unwrap();
}

#[test]
fn a_server_of_yours_that_does_not_answer_is_named_before_anything_starts() {
    let site = Site::new("yours");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("redis://{nobody}/0");
    let output = site.run(&["up", "--detach"], &[("REDIS_URL", &url)]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("REDIS_URL names"), "{said}");
    assert!(site.state().processes.is_empty());
}

#[test]
fn a_real_kafka_is_kept_until_another_broker_is_asked_for() {
    let site = Site::new("kafka");
    let output = site.run(&["up", "--detach", "--broker", "kafka"], &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let first = site.state();
    assert!(identity(&first, "kafka").alive());
    assert_eq!(site.env()["KAFKA_BROKERS"], format!("127.0.0.1:{}", first.ports["kafka"]));
    assert_eq!(site.up(&[]).processes, first.processes);

    let output = site.run(&["up", "--detach", "--broker", "embedded"], &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(site.env()["KAFKA_BROKERS"], "embedded");
    assert_ne!(identity(&site.state(), "engine"), identity(&first, "engine"), "it still uses Kafka");
}
