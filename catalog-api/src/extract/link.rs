//! Addresses people type in: pictures, and where an advertisement or a keyword leads.
//!
//! A browser runs `javascript:` and its kin when such an address is followed, so only what names a page
//! or a picture is taken.

use super::Entity;
use crate::error::Refusal;

/// Characters of an address at most, as the columns have them.
pub const LINK_CHARS_MAX: usize = 255;

impl Entity {
    /// An address; 402 for one that could run something, or is too long.
    pub fn link(&self, name: &str) -> Result<Option<String>, Refusal> {
        self.text_within(name, LINK_CHARS_MAX)?.map(|text| checked(name, &text)).transpose()
    }

    /// A list of addresses.
    pub fn links(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(texts) = self.texts(name)? else { return Ok(None) };
        let links = texts.iter().map(|text| {
            if text.chars().count() > LINK_CHARS_MAX {
                return Err(Refusal::wrong(name));
            }
            checked(name, text)
        });
        links.collect::<Result<_, _>>().map(Some)
    }
}

pub(super) fn checked(name: &str, text: &str) -> Result<String, Refusal> {
    // Browsers drop these characters anywhere in an address before they look for its scheme.
    let text: String = text.chars().filter(|char| !char.is_control()).collect();
    let text = text.trim();
    // A page that shows the address unescaped would read a character reference as what it stands for.
    let hidden = text.split(['/', '?']).next().is_some_and(|head| head.contains("&#"));
    match scheme(text) {
        None if !hidden => Ok(text.to_owned()),
        Some(scheme) if ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            Ok(text.to_owned())
        }
        None | Some(_) => Err(Refusal::wrong_because(name, "is no address of a page or a picture")),
    }
}

/// What stands before the first colon, unless a path, a query or a fragment has begun by then. It need
/// not be well formed: what a browser would not take as a scheme is no address either.
fn scheme(text: &str) -> Option<&str> {
    let end = text.find([':', '/', '?', '#'])?;
    text[end..].starts_with(':').then(|| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_run_something_is_refused() {
        for text in [
            "javascript:alert(1)",
            " JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "file:///etc/passwd",
            "java&#115;cript:alert(1)",
        ] {
            assert_eq!(checked("url", text).unwrap_err().errno, 402, "{text:?}");
        }
    }

    #[test]
    fn pages_and_pictures_are_taken() {
        for text in [
            "",
            "1127052",
            "/wx/art/a.png",
            "//cdn.example/a.png",
            "HTTPS://x.example/a?b=c:d#e",
            "pages/topic/topic?id=3",
            "#x:y",
        ] {
            assert_eq!(checked("url", text).as_deref(), Ok(text));
        }
        assert_eq!(checked("url", " /a\n.png ").as_deref(), Ok("/a.png"));
    }
}
