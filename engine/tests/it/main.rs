//! The engine against what it talks to.

mod log;
