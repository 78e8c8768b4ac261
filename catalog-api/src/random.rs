//! Random names, from the system's generator.

/// Sixteen random bytes as 32 hexadecimal characters.
pub fn hex_128() -> String {
    hex(&bytes::<16>())
}

/// Random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system's generator works, or nothing here is safe");
    bytes
}

/// Bytes as hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)] as char;
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte)]).collect()
}
