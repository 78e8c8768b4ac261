//! catalog-api
fn main() {}
