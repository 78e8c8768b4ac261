//! What a failed command may have done.
//!
//! Redis refuses some commands before it runs anything; everything else that goes wrong after bytes
//! were written leaves the effect unknown, a script's own error among it.

use crate::fault::{Fault, System};
use crate::reservation::reply::Raw;
use ::redis::{ServerError, ServerErrorKind, Value};

/// A fault, and whether the next call had better take another connection.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) connection_is_useless: bool,
}

/// Redis does not know the script; it may have lost it to a flush.
pub(super) fn is_missing_script(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if error.kind() == Some(ServerErrorKind::NoScript))
}

/// The replies as raw values; the last one's error goes before the others'.
pub(super) fn raw_replies<const N: usize>(
    replies: Vec<Value>,
    doing: &'static str,
) -> Result<[Raw; N], Failure> {
    let replies = raw_list(replies, doing)?;
    replies.try_into().map_err(|_| Failure {
        fault: Fault::unknown(System::Desk, doing, "not one reply a command"),
        connection_is_useless: true,
    })
}

/// As [`raw_replies`], however many there are.
pub(super) fn raw_list(replies: Vec<Value>, doing: &'static str) -> Result<Vec<Raw>, Failure> {
    // The script stands last. When it was refused nothing has happened, whatever came before it; when
    // only something before it failed, it has run.
    let ran = !matches!(replies.last(), Some(Value::ServerError(_)));
    let mut raws = Vec::with_capacity(replies.len());
    for reply in replies.into_iter().rev() {
        match raw(reply) {
            Ok(value) => raws.push(value),
            Err(Foreign::Error(error)) => return Err(classify(&error, ran, doing)),
            Err(Foreign::Kind) => {
                return Err(Failure {
                    fault: Fault::unknown(System::Desk, doing, "a reply of a kind scripts do not give"),
                    connection_is_useless: true,
                });
            }
        }
    }
    raws.reverse();
    Ok(raws)
}

fn classify(error: &ServerError, script_ran: bool, doing: &'static str) -> Failure {
    let text =
        error.details().map_or_else(|| error.code().to_owned(), |why| format!("{} {why}", error.code()));
    // Sent instead of running a script, or instead of its first write: see the Redis documentation of
    // each. With these the Redis behind the connection is the wrong one, or not ready; with the second
    // group it is right and will be well again.
    let (refused, connection_is_useless) = match error.code() {
        "LOADING" | "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "MOVED" | "ASK" | "TRYAGAIN"
        | "CROSSSLOT" | "NOAUTH" | "NOPERM" | "WRONGPASS" => (true, true),
        "OOM" | "MISCONF" | "BUSY" | "NOSCRIPT" | "NOREPLICAS" => (true, false),
        _ => (false, false),
    };
    let fault = if refused && !script_ran {
        Fault::none(System::Desk, doing, text)
    } else {
        Fault::unknown(System::Desk, doing, text)
    };
    Failure { fault, connection_is_useless }
}

enum Foreign {
    Error(ServerError),
    Kind,
}

fn raw(value: Value) -> Result<Raw, Foreign> {
    match value {
        Value::Nil => Ok(Raw::Nil),
        Value::Int(number) => Ok(Raw::Int(number)),
        Value::BulkString(bytes) => Ok(Raw::Bytes(bytes)),
        Value::SimpleString(text) => Ok(Raw::Bytes(text.into_bytes())),
        Value::Okay => Ok(Raw::Bytes(b"OK".to_vec())),
        Value::Array(values) => values.into_iter().map(raw).collect::<Result<_, _>>().map(Raw::List),
        Value::ServerError(error) => Err(Foreign::Error(error)),
        _ => Err(Foreign::Kind),
    }
}
