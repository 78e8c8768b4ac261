//! Rich text of staff, cleaned before it is stored: nothing in it runs, and nothing in it leaves the
//! place it is shown in.

use crate::error::Refusal;
use ammonia::Builder;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Bytes of a page at most.
pub const BYTES_MAX: usize = 256 * 1024;

/// Properties an editor sets on text and pictures; none moves a thing out of its place.
const STYLES: [&str; 24] = [
    "background-color",
    "border",
    "color",
    "float",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-left",
    "margin-right",
    "max-width",
    "padding",
    "padding-left",
    "text-align",
    "text-decoration",
    "text-indent",
    "vertical-align",
    "white-space",
    "width",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .url_schemes(HashSet::from(["http", "https"]))
        .add_generic_attributes(["style"])
        .filter_style_properties(HashSet::from(STYLES));
    builder
});

/// The text without anything that runs. Too much of it is 402 with the member's name.
pub fn cleaned(name: &str, text: &str) -> Result<String, Refusal> {
    if text.len() > BYTES_MAX {
        return Err(Refusal::wrong_because(name, "is too long"));
    }
    let clean = CLEANER.clean(text).to_string();
    // Escaping may lengthen it.
    if clean.len() > BYTES_MAX { Err(Refusal::wrong_because(name, "is too long")) } else { Ok(clean) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_runs_is_left() {
        for text in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"JaVa\tScRiPt:alert(1)\">x</a>",
            "<svg onload=alert(1)><circle/></svg>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<p style=\"background:url(javascript:alert(1))\">x</p>",
            "<p style=\"position:fixed;top:0;left:0\">x</p>",
            "<style>@import 'x'</style>",
            "<object data=x></object><embed src=x><form action=x><input></form>",
            "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<meta http-equiv=refresh content='0;url=javascript:alert(1)'><base href=//evil>",
            "<img src=\"data:text/html;base64,PHNjcmlwdD4=\">",
        ] {
            let clean = cleaned("detail", text).unwrap().to_ascii_lowercase();
            for bad in [
                "<script",
                "onerror=",
                "onload=",
                "javascript:",
                "<svg",
                "<iframe",
                "position",
                "<style",
                "url(",
                "<object",
                "<form",
                "<embed",
                "<meta",
                "<base",
                "data:",
            ] {
                // Escaped text is shown, not run; only what is still markup counts.
                assert!(!markup_of(&clean).contains(bad), "{text} left {clean}");
            }
        }
    }

    /// The tags of a text.
    fn markup_of(text: &str) -> String {
        let mut inside = false;
        text.chars()
            .filter(|char| {
                let was = inside;
                inside = if inside { *char != '>' } else { *char == '<' };
                was || inside
            })
            .collect()
    }

    #[test]
    fn what_an_editor_makes_stays() {
        let page = "<p style=\"text-align: center\"><img src=\"/wx/art/a.png\" alt=\"杯\" width=\"100\"></p>\
                    <h2>Fired twice 🍵</h2><table><tbody><tr><td>1</td></tr></tbody></table>";
        let clean = cleaned("detail", page).unwrap();
        for part in ["text-align", "/wx/art/a.png", "alt=\"杯\"", "<h2>Fired twice 🍵</h2>", "<td>1</td>"]
        {
            assert!(clean.contains(part), "{part} is missing in {clean}");
        }
        assert_eq!(cleaned("detail", &clean).unwrap(), clean, "cleaning twice is cleaning once");
    }

    #[test]
    fn too_much_is_refused() {
        assert_eq!(cleaned("detail", &"x".repeat(BYTES_MAX + 1)).unwrap_err().errno, 402);
        assert_eq!(cleaned("detail", &"&".repeat(BYTES_MAX)).unwrap_err().errno, 402);
    }
}
