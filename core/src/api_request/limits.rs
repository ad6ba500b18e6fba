//! How large a request may be. Each limit is far beyond what an application needs and keeps the work that one request can
//! cause linear and small; a request beyond one of them is refused with the limit's name and value.

/// A limit that a request can run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is limited, in the plural or as a size: `arguments`.
    pub name: &'static str,
    /// How many of it are served.
    pub max: usize,
}

impl Limit {
    const fn new(name: &'static str, max: usize) -> Self {
        Self { name, max }
    }

    /// Whether `count` of it are too many.
    pub(crate) fn is_exceeded_by(self, count: usize) -> bool {
        count > self.max
    }
}

/// Bytes of the query string as it came.
pub const QUERY_STRING: Limit = Limit::new("bytes in the query string", 32 * 1024);
/// Arguments in the query string.
pub const ARGUMENTS: Limit = Limit::new("arguments", 128);
/// Bytes of the key in the path.
pub const KEY: Limit = Limit::new("bytes in the key", 2048);
/// Items of `select`.
pub const SELECT_ITEMS: Limit = Limit::new("items in \"select\"", 256);
/// Terms of `order`.
pub const ORDER_TERMS: Limit = Limit::new("terms in \"order\"", 32);
/// Conditions in all arguments together, the nodes of logic trees included.
pub const CONDITIONS: Limit = Limit::new("conditions", 256);
/// Logic trees within one another.
pub const LOGIC_DEPTH: Limit = Limit::new("nested levels of \"and\" and \"or\"", 16);
/// Values of all `in` lists together.
pub const LIST_VALUES: Limit = Limit::new("values in \"in\" lists", 4096);
/// Steps of one path into a JSON column.
pub const PATH_STEPS: Limit = Limit::new("steps in a JSON path", 16);
/// Bytes of a cursor.
pub const CURSOR: Limit = Limit::new("bytes in the cursor", 4096);
/// Members of one object of a body; PostgreSQL has at most 1600 columns in a table.
pub const MEMBERS: Limit = Limit::new("members in an object", 1600);
/// Objects in a body that is an array.
pub const ROWS: Limit = Limit::new("objects in the body", 100_000);
/// Arrays and objects within one another in a body.
pub const JSON_DEPTH: Limit = Limit::new("nested levels of JSON", 64);
