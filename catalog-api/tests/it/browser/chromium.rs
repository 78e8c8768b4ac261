//! A headless Chromium, driven through its debugging pipe: JSON messages with a zero byte after each, on
//! the descriptors 3 and 4. No port is opened and no driver is needed.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// Longest wait for anything on a page.
const LIMIT: Duration = Duration::from_secs(20);

/// The program, where there is one.
fn program() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&paths)
        .flat_map(|path| names.map(|name| path.join(name)))
        .find(|path| path.is_file())
}

/// A running browser.
pub(crate) struct Chromium {
    wire: Arc<Wire>,
    child: Child,
    profile: PathBuf,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

struct Wire {
    pipe: tokio::sync::Mutex<ChildStdin>,
    asked: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    events: Mutex<Vec<Value>>,
    news: Notify,
    ids: AtomicU64,
}

impl Chromium {
    /// Starts one; nothing where there is none, which `cargo xtask test` names as skipped.
    pub(crate) async fn start() -> Option<Self> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let program = program()?;
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let profile =
            std::env::temp_dir().join(format!("catalog-it-browser-{}-{number}", std::process::id()));
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null"])
            .arg(program)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--mute-audio",
            ])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .args([
                "--disable-sync",
                "--disable-default-apps",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
            ])
            .args(["--lang=en-GB", "--force-color-profile=srgb"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the browser starts");
        let pipe = tokio::sync::Mutex::new(child.stdin.take().expect("a pipe"));
        let wire = Arc::new(Wire {
            pipe,
            asked: Mutex::default(),
            events: Mutex::default(),
            news: Notify::new(),
            ids: AtomicU64::new(1),
        });
        tokio::spawn(read(wire.clone(), child.stdout.take().expect("a pipe")));
        let this = Self { wire, child, profile };
        this.wire.ask("", "Browser.getVersion", json!({})).await;
        Some(this)
    }

    /// A tab with storage of its own, as in a browser of its own.
    pub(crate) async fn tab(&self) -> Tab {
        let context = self.wire.ask("", "Target.createBrowserContext", json!({})).await;
        self.tab_in(context["browserContextId"].as_str().expect("a context")).await
    }

    /// Another tab of the same browser.
    pub(crate) async fn tab_beside(&self, tab: &Tab) -> Tab {
        self.tab_in(&tab.context).await
    }

    async fn tab_in(&self, context: &str) -> Tab {
        let made = json!({ "url": "about:blank", "browserContextId": context });
        let target = self.wire.ask("", "Target.createTarget", made).await["targetId"].clone();
        let attached = json!({ "targetId": target, "flatten": true });
        let session = self.wire.ask("", "Target.attachToTarget", attached).await["sessionId"].clone();
        let session = session.as_str().expect("a session").to_owned();
        let tab = Tab { wire: self.wire.clone(), session, context: context.to_owned() };
        for domain in ["Page", "Runtime", "Network", "Log"] {
            tab.ask(&format!("{domain}.enable"), json!({})).await;
        }
        tab.size(1200, 900, false).await;
        tab
    }
}

async fn read(wire: Arc<Wire>, output: ChildStdout) {
    let mut output = BufReader::new(output);
    let mut message = Vec::new();
    while output.read_until(0, &mut message).await.is_ok_and(|bytes| bytes > 0) {
        message.pop();
        let value: Value = serde_json::from_slice(&message).expect("the browser writes JSON");
        message.clear();
        match value["id"].as_u64() {
            Some(id) => {
                let asked = wire.asked.lock().unwrap().remove(&id);
                // Whoever asked may have stopped waiting.
                let _ = asked.map(|asked| asked.send(value));
            }
            None => wire.events.lock().unwrap().push(value),
        }
        wire.news.notify_waiters();
    }
}

impl Wire {
    async fn ask(&self, session: &str, method: &str, params: Value) -> Value {
        self.try_ask(session, method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The answer, or what the browser says is in its way.
    async fn try_ask(&self, session: &str, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        let (send, answer) = oneshot::channel();
        self.asked.lock().unwrap().insert(id, send);
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.pipe.lock().await.write_all(&bytes).await.expect("the browser reads");
        let answer = tokio::time::timeout(LIMIT, answer).await;
        let mut answer =
            answer.unwrap_or_else(|_| panic!("{method} is not answered")).expect("the browser lives");
        if answer["error"].is_null() { Ok(answer["result"].take()) } else { Err(answer["error"].take()) }
    }
}

/// A tab.
pub(crate) struct Tab {
    wire: Arc<Wire>,
    session: String,
    context: String,
}

impl Tab {
    /// A command of the protocol.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        self.wire.ask(&self.session, method, params).await
    }

    /// Screen size in points.
    pub(crate) async fn size(&self, width: u32, height: u32, phone: bool) {
        let scale = if phone { 2 } else { 1 };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone });
        self.ask("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// A script that runs before those of a page.
    pub(crate) async fn before_pages(&self, script: &str) {
        self.ask("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) async fn open(&self, url: &str) {
        let opened = self.ask("Page.navigate", json!({ "url": url })).await;
        assert!(opened["errorText"].is_null(), "{url}: {opened}");
        self.until("document.readyState === 'complete'").await;
    }

    /// What an expression is.
    pub(crate) async fn is(&self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", asked).await;
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Runs a script that is not the page's own; the page's policy is not about it.
    pub(crate) async fn run(&self, script: &str) {
        let answer = self.ask("Runtime.evaluate", json!({ "expression": script })).await;
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
    }

    /// Light or dark, as somebody's system is set.
    pub(crate) async fn scheme(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.ask("Emulation.setEmulatedMedia", json!({ "features": [feature] })).await;
    }

    /// The text of an element.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let found = self.is(&format!("document.querySelector({})?.textContent ?? ''", json!(selector))).await;
        found.as_str().expect("text").to_owned()
    }

    /// Waits until an expression is true. While a page is replaced by another there is nothing to ask.
    pub(crate) async fn until(&self, expression: &str) {
        self.until_within(LIMIT, expression).await;
    }

    /// The same with a limit of its own.
    pub(crate) async fn until_within(&self, limit: Duration, expression: &str) {
        let deadline = Instant::now() + limit;
        let asked = json!({ "expression": format!("Boolean({expression})"), "returnByValue": true });
        loop {
            let answer = self.wire.try_ask(&self.session, "Runtime.evaluate", asked.clone()).await;
            if answer.as_ref().is_ok_and(|answer| answer["result"]["value"] == true) {
                return;
            }
            if Instant::now() > deadline {
                let page = self.is("document.body.innerText").await;
                panic!("not in {limit:?}: {expression}\n{answer:?}\n{page}");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Presses a button of the mouse over an element, `times` in quick succession.
    pub(crate) async fn click(&self, selector: &str, times: u32) {
        let place = format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{ block: 'center' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()",
            json!(selector)
        );
        let place = self.is(&place).await;
        for click in 1..=times {
            for kind in ["mousePressed", "mouseReleased"] {
                let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": click });
                self.ask("Input.dispatchMouseEvent", event).await;
            }
        }
    }

    /// Writes into the element that has the focus.
    pub(crate) async fn write(&self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses a key.
    pub(crate) async fn key(&self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            other => panic!("no key {other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.ask("Input.dispatchKeyEvent", event).await;
        }
    }

    /// A picture of the whole page.
    pub(crate) async fn picture(&self, to: &std::path::Path) {
        use base64::Engine as _;
        let taken = self.ask("Page.captureScreenshot", json!({ "format": "png" })).await;
        let data = taken["data"].as_str().expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).expect("base 64");
        std::fs::write(to, bytes).expect("a folder to write to");
    }

    /// Holds requests whose address contains this, at `Request` or at `Response`, until they are let go.
    pub(crate) async fn hold(&self, part: &str, stage: &str) {
        let pattern = json!({ "urlPattern": format!("*{part}*"), "requestStage": stage });
        self.ask("Fetch.enable", json!({ "patterns": [pattern] })).await;
    }

    /// The next request that is held.
    pub(crate) async fn held(&self) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            let news = self.wire.news.notified();
            let held = {
                let mut events = self.wire.events.lock().unwrap();
                let place = events.iter().position(|event| {
                    event["sessionId"] == *self.session && event["method"] == "Fetch.requestPaused"
                });
                place.map(|place| events.remove(place))
            };
            if let Some(held) = held {
                return held["params"]["requestId"].as_str().expect("an id").to_owned();
            }
            tokio::time::timeout_at(deadline, news).await.expect("a request is held in time");
        }
    }

    /// Answers a held request with a failure of the server.
    pub(crate) async fn refuse(&self, held: &str, status: u16, code: &str, retry_after_s: u32) {
        use base64::Engine as _;
        let body = json!({ "code": code, "status": status }).to_string();
        let head = json!([
            { "name": "content-type", "value": "application/problem+json" },
            { "name": "retry-after", "value": retry_after_s.to_string() },
        ]);
        let body = base64::engine::general_purpose::STANDARD.encode(body);
        let answer =
            json!({ "requestId": held, "responseCode": status, "responseHeaders": head, "body": body });
        self.ask("Fetch.fulfillRequest", answer).await;
    }

    /// Cuts a held request off.
    pub(crate) async fn cut(&self, held: &str) {
        self.ask("Fetch.failRequest", json!({ "requestId": held, "errorReason": "ConnectionReset" })).await;
    }

    /// Lets everything go, from now on.
    pub(crate) async fn let_go(&self) {
        self.ask("Fetch.disable", json!({})).await;
    }

    fn heard<T>(&self, pick: impl Fn(&Value) -> Option<T>) -> Vec<T> {
        let events = self.wire.events.lock().unwrap();
        events.iter().filter(|event| event["sessionId"] == *self.session).filter_map(pick).collect()
    }

    /// Addresses of everything that was asked for, with the method.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.heard(|event| {
            let request =
                (event["method"] == "Network.requestWillBeSent").then(|| &event["params"]["request"])?;
            Some(format!("{} {}", request["method"].as_str()?, request["url"].as_str()?))
        })
    }

    /// How much has been heard so far.
    pub(crate) fn mark(&self) -> usize {
        self.wire.events.lock().unwrap().len()
    }

    /// What went over the wire since a mark, with the bytes that came, heads and all; what the browser had
    /// is not in it.
    pub(crate) fn fetched(&self, since: usize) -> Vec<(String, u64)> {
        let mut fetched: Vec<(Value, String, u64)> = Vec::new();
        let events = self.wire.events.lock().unwrap();
        for event in events.iter().skip(since).filter(|event| event["sessionId"] == *self.session) {
            let params = &event["params"];
            let id = &params["requestId"];
            let bytes = params["encodedDataLength"].as_u64().unwrap_or(0);
            let known = fetched.iter_mut().find(|(known, ..)| known == id);
            match (event["method"].as_str().unwrap_or(""), known) {
                ("Network.requestWillBeSent", None) => {
                    fetched.push((id.clone(), params["request"]["url"].as_str().unwrap().to_owned(), 0));
                }
                ("Network.requestServedFromCache", Some(_)) => fetched.retain(|(known, ..)| known != id),
                ("Network.responseReceived", Some(_)) if params["response"]["fromDiskCache"] == true => {
                    fetched.retain(|(known, ..)| known != id);
                }
                ("Network.responseReceived", Some((.., sum))) => {
                    *sum += params["response"]["encodedDataLength"].as_u64().unwrap_or(0);
                }
                ("Network.dataReceived", Some((.., sum))) => *sum += bytes,
                // All of it, with the head.
                ("Network.loadingFinished", Some((.., sum))) => *sum = bytes,
                _ => {}
            }
        }
        fetched.into_iter().map(|(_, url, bytes)| (url, bytes)).collect()
    }

    /// Errors and warnings of scripts, of the policy and, if `network`, of refused requests.
    pub(crate) fn complaints(&self, network: bool) -> Vec<String> {
        self.heard(|event| {
            let params = &event["params"];
            let complains = match event["method"].as_str()? {
                "Runtime.exceptionThrown" => true,
                "Runtime.consoleAPICalled" => {
                    ["error", "warning", "assert"].contains(&params["type"].as_str()?)
                }
                "Log.entryAdded" => {
                    let entry = &params["entry"];
                    ["error", "warning"].contains(&entry["level"].as_str()?)
                        && (network || entry["source"] != "network")
                }
                _ => false,
            };
            complains.then(|| params.to_string())
        })
    }
}
