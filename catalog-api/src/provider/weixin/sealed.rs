//! What a WeChat client encrypts with the key of its log-in: AES-128-CBC, PKCS#7, everything in base64.

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use serde_json::Value;

/// The phone number in sealed data, without its country code: nothing when it cannot be opened, is no
/// phone number, or was sealed for another application.
pub fn phone_number(sealed: &str, iv: &str, session_key: &str, app_id: Option<&str>) -> Option<String> {
    let key: [u8; 16] = STANDARD.decode(session_key).ok()?.try_into().ok()?;
    let iv: [u8; 16] = STANDARD.decode(iv.trim()).ok()?.try_into().ok()?;
    let mut bytes = STANDARD.decode(sealed.trim()).ok()?;
    let opener = cbc::Decryptor::<Aes128>::new(&key.into(), &iv.into());
    let opened = opener.decrypt_padded::<Pkcs7>(&mut bytes).ok()?;
    let said: Value = serde_json::from_slice(opened).ok()?;
    if app_id.is_some_and(|ours| said["watermark"]["appid"] != ours) {
        return None;
    }
    let number = said["purePhoneNumber"].as_str().or(said["phoneNumber"].as_str())?;
    Some(number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::weixin::local::SESSION_KEY;
    use cbc::cipher::BlockModeEncrypt;

    fn seal(text: &str, iv: [u8; 16]) -> (String, String) {
        let sealer = cbc::Encryptor::<Aes128>::new(b"0123456789abcdef".into(), &iv.into());
        (STANDARD.encode(sealer.encrypt_padded_vec::<Pkcs7>(text.as_bytes())), STANDARD.encode(iv))
    }

    #[test]
    fn only_a_number_sealed_with_the_key_and_for_the_application_is_read() {
        let text =
            r#"{"purePhoneNumber":"13912345678","phoneNumber":"+8613912345678","watermark":{"appid":"wx1"}}"#;
        let (sealed, iv) = seal(text, *b"an iv of sixteen");
        let read = |key: &str, app| phone_number(&sealed, &iv, key, app);
        assert_eq!(read(SESSION_KEY, None).as_deref(), Some("13912345678"));
        assert_eq!(read(SESSION_KEY, Some("wx1")).as_deref(), Some("13912345678"));
        assert_eq!(read(SESSION_KEY, Some("wx2")), None);
        assert_eq!(read(&STANDARD.encode("fedcba9876543210"), None), None);
        assert_eq!(read("", None), None);
        let (no_number, iv) = seal("{}", *b"an iv of sixteen");
        for broken in ["", "%%%", "AAAA", &no_number] {
            assert_eq!(phone_number(broken, &iv, SESSION_KEY, None), None, "{broken}");
        }
    }
}
