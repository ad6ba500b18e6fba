//! Functions of the schemas in use.

use std::rc::Rc;

use super::{DataType, QualifiedName};

/// A function; several may share a name.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its qualified name.
    pub name: QualifiedName,
    /// Its arguments, those of its result (`OUT`, `TABLE`) included.
    pub arguments: Vec<Argument>,
    /// How many of the last input arguments have a default.
    pub defaults: usize,
    /// Whether the last input argument takes any number of values.
    pub variadic: bool,
    /// What it returns.
    pub returns: Rc<DataType>,
    /// Whether it returns a set of that.
    pub returns_set: bool,
    /// What it may do.
    pub volatility: Volatility,
    /// Its comment.
    pub comment: Option<Box<str>>,
}

/// What a function may do (`pg_proc.provolatile`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volatility {
    /// Nothing but compute.
    Immutable,
    /// Read.
    Stable,
    /// Anything.
    Volatile,
}

/// An argument of a function.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Its name; empty where it has none.
    pub name: Box<str>,
    /// Its type.
    pub data_type: Rc<DataType>,
    /// Which way it goes.
    pub mode: ArgumentMode,
}

/// Which way an argument goes (`pg_proc.proargmodes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentMode {
    /// `IN`
    In,
    /// `OUT`
    Out,
    /// `INOUT`
    InOut,
    /// `VARIADIC`
    Variadic,
    /// A column of `RETURNS TABLE`.
    Table,
}
