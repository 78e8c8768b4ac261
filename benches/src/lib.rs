//! Criterion benches, one file per stage under `benches/`; nothing lives in the library.
