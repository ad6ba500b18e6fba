//! From what relations have to do with each other to what reading one depends on and what writing one changes.
//!
//! The catalogue tells the steps; here they are followed. That takes time in proportion to what is found, so that thousands of
//! tables that depend on nothing cost next to nothing.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::row::DependencyRow;
use super::{Effect, QualifiedName, Relation};

/// A write that changes more relations than this is said to change everything: telling them all would be dearer than reading
/// what is cached once more.
const MAX_WRITES: usize = 256;

/// What relations have to do with each other; those that are not here stand for themselves.
#[derive(Default)]
pub(super) struct Dependencies {
    nodes: HashMap<Box<str>, Node>,
}

#[derive(Default)]
struct Node {
    view: bool,
    opaque: bool,
    diverted: bool,
    reads: Vec<Box<str>>,
    parents: Vec<Box<str>>,
    children: Vec<Box<str>>,
    cascades: Vec<Box<str>>,
}

/// Which way the tree of partitions is climbed.
#[derive(Clone, Copy)]
enum Kin {
    Parents,
    Children,
}

/// Names in the order of the alphabet, each once.
type Names<'a> = BTreeSet<&'a str>;

impl Dependencies {
    /// Takes a row.
    pub(super) fn add(&mut self, row: DependencyRow) {
        for parent in &row.parents {
            let children = &mut self.node(parent.clone()).children;
            children.push(row.relation.clone());
        }
        // Names with dots in them may be those of two relations: what is known of both holds for either.
        let node = self.node(row.relation);
        node.view |= row.view;
        node.opaque |= row.opaque;
        node.diverted |= row.diverted;
        node.reads.extend(row.reads);
        node.parents.extend(row.parents);
        node.cascades.extend(row.cascades);
    }

    /// Tells a relation what it reads and writes, once all rows are in.
    pub(super) fn resolve(&self, relation: &mut Relation) {
        let QualifiedName { schema, name } = &relation.name;
        let name = format!("{schema}.{name}");
        let (reads, opaque) = self.reads(&name);
        relation.reads = shared(&reads);
        relation.opaque = opaque;
        relation.writes = match self.writes(&name) {
            Some(writes) if writes == reads => Effect::Relations(Rc::clone(&relation.reads)),
            Some(writes) => Effect::Relations(shared(&writes)),
            None => Effect::Everything,
        };
    }

    fn node(&mut self, name: Box<str>) -> &mut Node {
        self.nodes.entry(name).or_default()
    }

    /// What a SELECT depends on, and whether it may be more. A statement on an ancestor or a descendant changes a table
    /// without naming it; what else these read is not read through the table.
    fn reads<'a>(&'a self, name: &'a str) -> (Names<'a>, bool) {
        let (mut found, mut seen, mut opaque) = (Names::new(), Names::new(), false);
        let mut to_do = vec![name];
        while let Some(name) = to_do.pop() {
            if !seen.insert(name) {
                continue;
            }
            found.insert(name);
            let Some(node) = self.nodes.get(name) else {
                continue;
            };
            opaque |= node.opaque;
            found.extend(self.kin(name, Kin::Parents));
            found.extend(self.kin(name, Kin::Children));
            to_do.extend(node.reads.iter().map(|read| &**read));
        }
        (found, opaque)
    }

    /// What a write changes; `None` where that can be anything. Descendants are told of only where they are few: whoever reads one
    /// depends on its ancestors as well.
    fn writes<'a>(&'a self, name: &'a str) -> Option<Names<'a>> {
        let (mut found, mut descendants, mut seen) = (Names::new(), Names::new(), Names::new());
        let mut to_do = vec![name];
        while let Some(name) = to_do.pop() {
            if !seen.insert(name) {
                continue;
            }
            let (ancestors, below) = (self.kin(name, Kin::Parents), self.kin(name, Kin::Children));
            for node in ancestors
                .iter()
                .chain(&below)
                .filter_map(|&name| self.nodes.get(name))
            {
                if node.diverted {
                    return None;
                }
                to_do.extend(node.cascades.iter().map(|cascade| &**cascade));
                // Which of the relations of a view is the one that is written is not known.
                if node.view {
                    to_do.extend(node.reads.iter().map(|read| &**read));
                }
            }
            found.extend(ancestors);
            descendants.extend(below);
            if found.len() > MAX_WRITES {
                return None;
            }
        }
        let both: Names<'_> = found.union(&descendants).copied().collect();
        Some(if both.len() > MAX_WRITES { found } else { both })
    }

    /// The ancestors or the descendants of a table, and itself.
    fn kin<'a>(&'a self, name: &'a str, kin: Kin) -> Names<'a> {
        let mut found = Names::new();
        let mut to_do = vec![name];
        while let Some(name) = to_do.pop() {
            if let (true, Some(node)) = (found.insert(name), self.nodes.get(name)) {
                to_do.extend(node.kin(kin).iter().map(|other| &**other));
            }
        }
        found
    }
}

impl Node {
    fn kin(&self, kin: Kin) -> &[Box<str>] {
        match kin {
            Kin::Parents => &self.parents,
            Kin::Children => &self.children,
        }
    }
}

fn shared(names: &Names<'_>) -> Rc<[Box<str>]> {
    names.iter().map(|&name| name.into()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Dependencies, MAX_WRITES};
    use crate::schema_cache::row::DependencyRow;

    fn row(relation: &str, reads: &[&str], parents: &[&str], cascades: &[&str]) -> DependencyRow {
        let names = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        DependencyRow {
            relation: relation.into(),
            view: relation.starts_with('v'),
            opaque: false,
            diverted: false,
            reads: names(reads),
            parents: names(parents),
            cascades: names(cascades),
        }
    }

    fn dependencies(rows: impl IntoIterator<Item = DependencyRow>) -> Dependencies {
        let mut dependencies = Dependencies::default();
        rows.into_iter().for_each(|row| dependencies.add(row));
        dependencies
    }

    fn reads(dependencies: &Dependencies, name: &str) -> String {
        let (names, _) = dependencies.reads(name);
        names.into_iter().collect::<Vec<_>>().join(" ")
    }

    fn writes(dependencies: &Dependencies, name: &str) -> Option<String> {
        let names = dependencies.writes(name)?;
        Some(names.into_iter().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn views_and_policies_are_followed_and_circles_end() {
        let graph = dependencies([
            row("v1", &["v2", "t1"], &[], &[]),
            row("v2", &["t2"], &[], &[]),
            row("t1", &["t3"], &[], &[]),
            row("t3", &["t1"], &[], &[]),
        ]);
        assert_eq!(reads(&graph, "v1"), "t1 t2 t3 v1 v2");
        assert_eq!(writes(&graph, "v1").as_deref(), Some("t1 t2 v1 v2"));
        assert_eq!(writes(&graph, "t1").as_deref(), Some("t1"), "a policy only reads");
        assert_eq!(reads(&graph, "other"), "other");
    }

    #[test]
    fn a_partition_has_ancestors_and_descendants_but_no_siblings() {
        let graph = dependencies([
            row("a", &[], &["root"], &[]),
            row("b", &[], &["root"], &[]),
            row("a1", &[], &["a"], &[]),
            row("root", &[], &[], &["child"]),
        ]);
        assert_eq!(reads(&graph, "a"), "a a1 root");
        assert_eq!(reads(&graph, "root"), "a a1 b root");
        assert_eq!(writes(&graph, "a").as_deref(), Some("a a1 child root"));
    }

    /// A table may have a partition for each day: a write of one is no reason to drop all that is cached.
    #[test]
    fn many_partitions_are_not_everything() {
        let parts = (0..MAX_WRITES).map(|number| row(&format!("part{number}"), &[], &["root"], &[]));
        let graph = dependencies(parts.chain([row("root", &[], &["top"], &["child"])]));
        assert_eq!(writes(&graph, "root").as_deref(), Some("child root top"));
        assert_eq!(graph.reads("root").0.len(), MAX_WRITES + 2);
        assert_eq!(writes(&graph, "part7").as_deref(), Some("child part7 root top"));
        assert_eq!(reads(&graph, "part7"), "part7 root top");
    }

    #[test]
    fn too_many_tables_are_everything_and_so_is_what_is_diverted() {
        let chain = |length: usize| {
            let rows = (1..length).map(|number| {
                let (one, next) = (format!("t{}", number - 1), format!("t{number}"));
                row(&one, &[], &[], &[&next])
            });
            dependencies(rows)
        };
        assert!(writes(&chain(MAX_WRITES), "t0").is_some());
        assert_eq!(writes(&chain(MAX_WRITES + 1), "t0"), None);
        let diverted = DependencyRow {
            diverted: true,
            ..row("v2", &["t"], &[], &[])
        };
        let graph = dependencies([row("v1", &["v2"], &[], &[]), diverted]);
        assert_eq!(writes(&graph, "v1"), None);
    }
}
