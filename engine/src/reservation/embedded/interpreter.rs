//! The shipped scripts under a Lua of the same version as Redis has, with `redis.call` over a keyspace.

use super::command;
use super::keyspace::Keyspace;
use crate::reservation::reply::Raw;
use crate::reservation::scripts::Script;
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value};
use std::borrow::Cow;

/// What `redis.call` works on.
pub(super) struct Store {
    pub(super) keys: Keyspace,
    /// The time a script sees, the same from its first line to its last.
    pub(super) unix_ms: u64,
}

pub(super) struct Interpreter {
    lua: Lua,
    scripts: Vec<Function>,
}

impl Interpreter {
    /// Compiles the scripts. They are shipped with the program, so that failing to is a bug.
    pub(super) fn new(text: impl Fn(Script) -> Cow<'static, str>) -> Self {
        Self::try_new(text).expect("the shipped scripts compile")
    }

    fn try_new(text: impl Fn(Script) -> Cow<'static, str>) -> mlua::Result<Self> {
        // What Redis offers and the scripts use; no files, no operating system.
        let libraries = StdLib::STRING | StdLib::TABLE | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::default())?;
        lua.set_app_data(Store { keys: Keyspace::default(), unix_ms: 0 });
        let format: Function = lua.globals().get::<Table>("string")?.get("format")?;
        let call = lua.create_function(move |lua, arguments: MultiValue| call(lua, &format, arguments))?;
        let redis = lua.create_table()?;
        redis.set("call", call)?;
        lua.globals().set("redis", redis)?;
        let compile = |script: &Script| {
            lua.load(&*text(*script)).set_name(format!("@{}", script.name())).into_function()
        };
        let scripts = Script::ALL.iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Self { lua, scripts })
    }

    /// Runs a script as EVALSHA would.
    pub(super) fn run(&self, script: Script, keys: &[&str], arguments: &[Vec<u8>]) -> mlua::Result<Raw> {
        let globals = self.lua.globals();
        globals.set("KEYS", self.lua.create_sequence_from(keys.iter().copied())?)?;
        let arguments = arguments.iter().map(|argument| self.lua.create_string(argument));
        globals.set("ARGV", self.lua.create_sequence_from(arguments.collect::<mlua::Result<Vec<_>>>()?)?)?;
        let place = Script::ALL.iter().position(|listed| *listed == script);
        let function = &self.scripts[place.expect("every script is in the list")];
        reply(function.call(())?)
    }

    /// Works on what the scripts work on.
    pub(super) fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut self.lua.app_data_mut().expect("the store is put in when the interpreter is made"))
    }
}

fn call(lua: &Lua, format: &Function, arguments: MultiValue) -> mlua::Result<Value> {
    let words = arguments.into_iter().map(|argument| word(format, argument)).collect::<mlua::Result<_>>()?;
    let mut store = lua.app_data_mut::<Store>().expect("the store is put in when the interpreter is made");
    let Store { keys, unix_ms } = &mut *store;
    let answer = command::run(keys, *unix_ms, words).map_err(mlua::Error::runtime)?;
    drop(store);
    value(lua, answer)
}

/// An argument as Redis takes it: text, or a number in at most 17 digits.
fn word(format: &Function, argument: Value) -> mlua::Result<Vec<u8>> {
    match argument {
        Value::String(text) => Ok(text.as_bytes().to_vec()),
        Value::Integer(number) => Ok(number.to_string().into_bytes()),
        Value::Number(number) => Ok(format.call::<String>(("%.17g", number))?.into_bytes()),
        _ => Err(mlua::Error::runtime("ERR Lua redis lib command arguments must be strings or integers")),
    }
}

/// A command's reply as a script sees it: nil is false.
fn value(lua: &Lua, reply: Raw) -> mlua::Result<Value> {
    Ok(match reply {
        Raw::Nil => Value::Boolean(false),
        Raw::Int(number) => Value::Number(number as f64),
        Raw::Bytes(bytes) => Value::String(lua.create_string(bytes)?),
        Raw::List(values) => {
            let values = values.into_iter().map(|item| value(lua, item)).collect::<mlua::Result<Vec<_>>>()?;
            Value::Table(lua.create_sequence_from(values)?)
        }
    })
}

/// What a script returns as the client sees it: numbers lose their fraction, a list ends at its first
/// nil, false is nil.
fn reply(value: Value) -> mlua::Result<Raw> {
    Ok(match value {
        Value::Nil | Value::Boolean(false) => Raw::Nil,
        Value::Boolean(true) => Raw::Int(1),
        Value::Integer(number) => Raw::Int(number),
        Value::Number(number) => Raw::Int(number as i64),
        Value::String(text) => Raw::Bytes(text.as_bytes().to_vec()),
        Value::Table(table) => {
            Raw::List(table.sequence_values().map(|item| reply(item?)).collect::<mlua::Result<_>>()?)
        }
        other => return Err(mlua::Error::runtime(format!("a script returned a {}", other.type_name()))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(text: &str) -> mlua::Result<Raw> {
        let interpreter = Interpreter::new(|script| script.text().into());
        interpreter.with_store(|store| store.unix_ms = 1_700_000_000_042);
        reply(interpreter.lua.load(text).eval()?)
    }

    #[test]
    fn values_cross_as_they_do_in_redis() {
        assert_eq!(evaluate("return { 3.99, 'x', false, true, 5 }").unwrap(), {
            Raw::List(vec![Raw::Int(3), Raw::Bytes(b"x".into()), Raw::Nil, Raw::Int(1), Raw::Int(5)])
        });
        assert_eq!(evaluate("return redis.call('HGET', 'k', 'f') == false").unwrap(), Raw::Int(1));
        let text = "redis.call('HSET', 'k', 1e15, 0.5, -0.1, 2^53) return redis.call('HMGET', 'k', '1000000000000000', -0.1)";
        let half = Raw::Bytes(b"0.5".into());
        assert_eq!(evaluate(text).unwrap(), Raw::List(vec![half, Raw::Bytes(b"9007199254740992".into())]));
        let time = evaluate("return redis.call('TIME')").unwrap();
        assert_eq!(time, Raw::List(vec![Raw::Bytes(b"1700000000".into()), Raw::Bytes(b"42000".into())]));
    }

    #[test]
    fn a_refused_command_ends_the_script() {
        for text in [
            "redis.call('XADD', 's', '1-1', 'a', 'b') redis.call('HGET', 's', 'a')",
            "redis.call('GET', 'k')",
            "redis.call('HSET', 'k', 'f')",
            "redis.call('HLEN', {})",
            "redis.call()",
        ] {
            assert!(evaluate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_script_reaches_neither_files_nor_the_system() {
        assert_eq!(evaluate("return tostring(io) .. tostring(os)").unwrap(), Raw::Bytes(b"nilnil".into()));
    }
}
