//! Captchas: an image of a random text, good for one try at one action within its life.
//!
//! The stock log-in form sends nothing that names its visitor, so a captcha is bound to the client's
//! address. Visitors behind one address replace each other's image; they can ask for a new one.

use crate::config::Config;
use crate::error::{Failure, Fault};
use crate::extract::ClientAddress;
use base64::Engine;
use captcha::filters::{Noise, Wave};
use deadpool_redis::Pool;

/// What the font can draw and people do not mix up.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKMNPQRSTUVWXYZ345678bdh";
const LENGTH: usize = 4;

/// What a captcha is asked for; one that was made for another action does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Staff log-in.
    StaffLogin,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::StaffLogin => "staff-login",
        }
    }
}

/// Whether the font has a character.
pub fn can_draw(character: char) -> bool {
    captcha::Captcha::new().supported_chars().contains(&character)
}

/// Makes a captcha, remembers its text and returns the image as a data URI.
pub async fn make(
    config: &Config,
    redis: &Pool,
    action: Action,
    visitor: ClientAddress,
) -> Result<String, Failure> {
    let text = match config.fixed_captcha_answer() {
        Some(answer) => answer.to_owned(),
        None => random_text(),
    };
    let drawn = text.clone();
    // A millisecond of work, which the blocking pool takes so that no connection waits for it.
    let image = tokio::task::spawn_blocking(move || draw(&drawn)).await.ok().flatten();
    let image = image.ok_or(Fault::Busy("a captcha could not be drawn"))?;
    let mut connection = redis.get().await?;
    redis::cmd("SET")
        .arg(key(config, action, visitor))
        .arg(text)
        .arg("EX")
        .arg(config.captcha.life_s)
        .query_async::<()>(&mut connection)
        .await?;
    let image = base64::engine::general_purpose::STANDARD.encode(image);
    Ok(format!("data:image/png;base64,{image}"))
}

/// Whether this is the text of the visitor's image; whatever the answer, the image is used up.
pub async fn solves(
    config: &Config,
    redis: &Pool,
    action: Action,
    visitor: ClientAddress,
    answer: &str,
) -> Result<bool, Failure> {
    let mut connection = redis.get().await?;
    let text: Option<String> =
        redis::cmd("GETDEL").arg(key(config, action, visitor)).query_async(&mut connection).await?;
    Ok(text.is_some_and(|text| text.eq_ignore_ascii_case(answer.trim())))
}

fn key(config: &Config, action: Action, visitor: ClientAddress) -> String {
    format!("{}:captcha:{}:{}", config.redis.prefix, action.name(), visitor.0)
}

fn random_text() -> String {
    // 256 is a multiple of 32, so every letter is as likely as the others.
    crate::random::bytes::<LENGTH>()
        .map(|byte| LETTERS[usize::from(byte) % LETTERS.len()] as char)
        .iter()
        .collect()
}

fn draw(text: &str) -> Option<Vec<u8>> {
    let mut image = captcha::Captcha::new();
    for letter in text.chars() {
        image.set_chars(&[letter]).add_char();
    }
    image
        .apply_filter(Noise::new(0.2))
        .apply_filter(Wave::new(2.0, 12.0).horizontal())
        .apply_filter(Wave::new(2.0, 12.0).vertical())
        .view(180, 72)
        .as_png()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_can_be_drawn() {
        assert!(LETTERS.iter().all(|&letter| can_draw(letter as char)));
        assert!(!can_draw('秒'));
        let png = draw(&random_text()).unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        assert_ne!(draw("AAAA"), draw("BBBB"));
    }
}
