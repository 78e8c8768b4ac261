//! Starts, stops, tests and checks the whole project the same way everywhere.
//!
//! Deliberately absent: asynchronous code, clients of the stores, and any dependency on the other crates
//! of this project. It has to compile in seconds and to work before anything else does. Process
//! identities come from `/proc`, so it needs Linux.

// What is said while something takes long, and how Ctrl-C is heard.
pub mod console;
pub mod wait;

// Processes: who they are, so that nobody else's is ever ended.
pub mod process;
pub mod services;

// Where things lie and what is remembered.
pub mod env_file;
pub mod place;
pub mod state;

// Tools of the machine.
pub mod cargo;
pub mod http;
pub mod packages;

// The commands.
pub mod bench;
pub mod campaign;
pub mod check;
pub mod demo;
pub mod down;
pub mod fuzz;
pub mod load;
pub mod seed;
pub mod simulate;
pub mod suite;
pub mod tidy;
pub mod up;
