//! Looks at the end of the control topic, each for everybody who waits.
//!
//! A look begins after its callers came, asks for the end once, and is over when the tail has read that
//! far. So the price of a look does not grow with the number of batches in flight.

use super::control::Control;
use super::dial::{Line, serve};
use crate::fault::{Fault, System};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

// Who is not answered by then answers "unknown" to his buyers.
const LOOK_WITHIN: Duration = Duration::from_secs(1);
// One caller is a batch in flight, and there are far fewer of those; at the bound a look is refused.
const WAITING_MAX: usize = 4096;

type Answer = oneshot::Sender<Result<(), String>>;

/// Takes callers to the thread that looks; the thread ends with the last clone.
#[derive(Clone)]
pub(super) struct Fence {
    callers: mpsc::Sender<Answer>,
}

impl Fence {
    /// Starts the thread. `asker` shares its line with the tail of `topic` behind `control`.
    pub(super) fn start(
        asker: Arc<BaseConsumer<Line>>,
        control: Arc<Control>,
        topic: Arc<str>,
    ) -> io::Result<Self> {
        let (callers, mut waiting) = mpsc::channel::<Answer>(WAITING_MAX);
        thread::Builder::new().name("log-fence".into()).spawn(move || {
            let mut served = Vec::new();
            while waiting.blocking_recv_many(&mut served, WAITING_MAX) > 0 {
                let seen = look(&asker, &control, &topic);
                for answer in served.drain(..) {
                    // Whoever waited may have given up.
                    let _ = answer.send(seen.clone());
                }
            }
        })?;
        Ok(Self { callers })
    }

    /// Returns once everything is known that stood on the control topic when this call began.
    pub(super) async fn look(&self) -> Result<(), Fault> {
        let fault = |why: String| Fault::none(System::Log, "looking at the control topic", why);
        let (answer, seen) = oneshot::channel();
        self.callers.try_send(answer).map_err(|_| fault("too many look at once".into()))?;
        seen.await.unwrap_or_else(|_| Err("the fence has stopped".into())).map_err(fault)
    }
}

fn look(asker: &BaseConsumer<Line>, control: &Control, topic: &str) -> Result<(), String> {
    let deadline = Instant::now() + LOOK_WITHIN;
    let (start, end) = asker.fetch_watermarks(topic, 0, LOOK_WITHIN).map_err(|error| error.to_string())?;
    // Lets the client report connections it lost on the way to this answer.
    serve(asker);
    control.caught_up(start, end, deadline)
}
