//! Lists as CSV, for spreadsheets: streamed in batches, so that memory does not grow with the list, and
//! with no cell that a spreadsheet would take for a formula.

use crate::error::{Failure, Fault};
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// Rows read at a time.
pub const BATCH: u32 = 500;

/// What a formula can begin with, in the forms of both alphabets.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A line of a file.
#[derive(Clone, Debug, Default)]
pub struct Line(String);

impl Line {
    /// One more cell of text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        let guard = if text.starts_with(FORMULA) { "'" } else { "" };
        self.raw(&format!("\"{guard}{}\"", text.replace('"', "\"\"")))
    }

    /// One more cell of a number, or of another thing that has only digits and signs.
    #[must_use]
    pub fn number(self, number: impl ToString) -> Self {
        self.raw(&number.to_string())
    }

    fn raw(mut self, cell: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(cell);
        self
    }
}

/// Some lines, and after which id the next ones come; the last batch names none.
#[derive(Debug)]
pub struct Batch {
    /// The lines.
    pub lines: Vec<Line>,
    /// Where to go on.
    pub next: Option<u64>,
}

/// A file of the lines that `read` gives, asked batch by batch for what comes after an id. A batch that
/// cannot be read breaks the answer off, so that nobody takes a part for the whole.
pub fn file<F, R>(name: &str, head: &[&str], read: F) -> Response
where
    F: Fn(u64) -> R + Send + 'static,
    R: Future<Output = Result<Batch, Failure>> + Send + 'static,
{
    // The mark tells spreadsheets that this is UTF-8.
    let head = head.iter().fold(Line::default(), |line, title| line.text(title));
    let start = Step { text: format!("\u{feff}{}\r\n", head.0), after: Some(0) };
    let batches = stream::try_unfold((Some(start), read), |(step, read)| async move {
        let Some(Step { text, after }) = step else { return Ok::<_, std::io::Error>(None) };
        let next = match after {
            None => None,
            Some(after) => match read(after).await {
                Ok(batch) => Some(Step { text: text_of(&batch.lines), after: batch.next }),
                Err(failure) => {
                    if let Failure::Fault(fault) = &failure {
                        tracing::error!(fault = crate::envelope::chain(fault), "an export broke off");
                    }
                    return Err(std::io::Error::other(Fault::Busy("an export broke off")));
                }
            },
        };
        Ok(Some((Bytes::from(text), (next, read))))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, Body::from_stream(batches)).into_response()
}

/// Text to send, and after which id to read on.
struct Step {
    text: String,
    after: Option<u64>,
}

fn text_of(lines: &[Line]) -> String {
    lines.iter().flat_map(|line| [line.0.as_str(), "\r\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("tea", "\"tea\""),
            ("=1+1", "\"'=1+1\""),
            ("＝cmd", "\"'＝cmd\""),
            ("@x", "\"'@x\""),
            ("\t=1", "\"'\t=1\""),
            ("a \"b\"\nc,d", "\"a \"\"b\"\"\nc,d\""),
            ("", "\"\""),
        ] {
            assert_eq!(Line::default().text(text).0, cell);
        }
        assert_eq!(Line::default().number(7).text("x").0, "7,\"x\"");
    }

    #[tokio::test]
    async fn batches_follow_each_other_to_the_end() {
        let read = |after: u64| async move {
            let lines = vec![Line::default().number(after + 1), Line::default().number(after + 2)];
            Ok(Batch { lines, next: (after < 4).then_some(after + 2) })
        };
        let response = file("goods", &["id"], read);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(text, "\u{feff}\"id\"\r\n1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n");
    }

    #[tokio::test]
    async fn a_batch_that_cannot_be_read_breaks_the_answer_off() {
        let read = |_| async { Err(Fault::Busy("away").into()) };
        assert!(file("goods", &["id"], read).into_body().collect().await.is_err());
    }
}
