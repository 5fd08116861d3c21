//! The operator's own list of words, one for all nodes.

/// `allow` wins over `block`, and over what is built in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WordLists {
    pub block: Vec<String>,
    pub allow: Vec<String>,
    /// Counts the changes.
    pub version: i64,
}
