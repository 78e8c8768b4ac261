//! Tests with a wire: one binary, one module per behaviour.

mod desk;
