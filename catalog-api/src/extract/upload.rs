//! A body that brings a file: `multipart/form-data` with a part named `file`.

use crate::error::{Failure, Fault, Refusal};
use crate::state::App;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a file at most.
pub const FILE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Bytes of the other parts, and of what stands between parts.
const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Bytes after which a client is cut off.
const LISTENED_TO_MAX: usize = 20 * 1024 * 1024;
/// The name of the part.
const PART: &str = "file";

/// A file somebody sent. The name is the sender's and says nothing about the content.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The file.
    pub bytes: Bytes,
    /// What the sender calls it.
    pub name: String,
}

impl FromRequest<Arc<App>> for Upload {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let boundary = kind.and_then(|kind| multer::parse_boundary(kind).ok());
        let boundary = boundary.ok_or_else(|| Refusal::missing(PART))?;
        // Bodies are held whole while they are read, so only so many are.
        let place = app.uploads.reading.try_acquire();
        let _place = place.map_err(|_| Fault::Busy("too many files are being uploaded"))?;
        let limit = Duration::from_millis(app.config.http.body_read_timeout_ms);
        let body = match tokio::time::timeout(limit, read(request.into_body())).await {
            Ok(Ok(body)) => body,
            Ok(Err(refusal)) => return Err(refusal.into()),
            Err(_) => return Err(Refusal::wrong_because(PART, "came too slowly").into()),
        };
        find(&body, boundary).await.map_err(Failure::from)
    }
}

/// Reads a body. One that is too long is read on without being kept, since a client that is still sending
/// does not listen.
async fn read(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let mut kept = Vec::new();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::wrong_because(PART, "is broken off"))?;
        let Some(data) = frame.data_ref() else { continue };
        bytes += data.len();
        if bytes <= FILE_BYTES_MAX + FRAME_BYTES_MAX {
            kept.extend_from_slice(data);
        } else if bytes <= LISTENED_TO_MAX {
            kept = Vec::new();
        } else {
            break;
        }
    }
    if bytes > FILE_BYTES_MAX + FRAME_BYTES_MAX {
        return Err(Refusal::wrong_because(PART, "has more than 5 MB"));
    }
    Ok(kept)
}

async fn find(body: &[u8], boundary: String) -> Result<Upload, Refusal> {
    let broken = |_| Refusal::wrong_because("body", "is no multipart form");
    let mut parts = multer::Multipart::with_reader(body, boundary);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        if part.name() != Some(PART) {
            continue;
        }
        let name = part.file_name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(broken)?;
        if bytes.is_empty() {
            return Err(Refusal::missing(PART));
        }
        if bytes.len() > FILE_BYTES_MAX {
            return Err(Refusal::wrong_because(PART, "has more than 5 MB"));
        }
        return Ok(Upload { bytes, name });
    }
    Err(Refusal::missing(PART))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_part_named_file_is_found_among_others() {
        let body = "--b\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n\
            --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
            content-type: image/png\r\n\r\nBYTES\r\n--b--\r\n";
        let upload = find(body.as_bytes(), "b".into()).await.unwrap();
        assert_eq!((upload.name.as_str(), upload.bytes.as_ref()), ("a.png", b"BYTES".as_slice()));
        let without = body.replace("\"file\"", "\"other\"");
        assert_eq!(find(without.as_bytes(), "b".into()).await.unwrap_err().errno, 401);
        assert_eq!(find(b"nonsense", "b".into()).await.unwrap_err().errno, 402);
        let empty = body.replace("BYTES", "");
        assert_eq!(find(empty.as_bytes(), "b".into()).await.unwrap_err().errno, 401);
    }
}
