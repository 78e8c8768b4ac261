//! What every route needs, collected where it is routed. The permission tree, the `perms` list and the
//! checks all come from this registry; a route that declares nothing does not compile.

use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Open,
    /// A session of the route's surface.
    Login,
    /// A staff session with this permission.
    Permission(&'static str),
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// GET or POST.
    pub method: String,
    /// The path.
    pub path: String,
    /// Ids of the features it serves, with spaces between; docs/features.md lists them.
    pub features: &'static str,
    /// What it needs.
    pub need: Need,
    /// Where it stands in the permission tree: three labels, or nothing where no permission is needed.
    pub menu: Option<[&'static str; 3]>,
    /// Whether a shopper's call of it is written into the operation log.
    pub sensitive: bool,
}

impl Entry {
    /// The string the front end knows it by.
    pub fn api(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// All routes of the public listener.
#[derive(Clone, Debug, Default)]
pub struct Registry(pub Vec<Entry>);

impl Registry {
    /// What an account may call, as the front end's menu wants it: exactly `["*"]` for everything. It
    /// refuses to start with an empty list, so one without any permission names what log-in allows.
    pub fn granted(&self, permissions: &[String]) -> Vec<String> {
        if permissions.iter().any(|held| held.trim() == "*") {
            return vec!["*".to_owned()];
        }
        let apis = |wanted: &dyn Fn(&Entry) -> bool| -> Vec<String> {
            let staff = self.0.iter().filter(|entry| entry.path.starts_with("/admin/"));
            staff.filter(|entry| wanted(entry)).map(Entry::api).collect()
        };
        let granted = apis(&|entry| match entry.need {
            Need::Permission(needed) => allows(permissions, needed),
            Need::Open | Need::Login => false,
        });
        if granted.is_empty() { apis(&|entry| entry.need == Need::Login) } else { granted }
    }
}

/// A node of the permission tree: a part of the mall, a subject, or what can be done there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Branch {
    /// Unique; of a leaf the permission.
    id: String,
    /// For people.
    label: String,
    /// Of a leaf, the call it allows.
    api: Option<String>,
    /// Of a part, its subjects; of a subject, its leaves.
    #[schema(no_recursion)]
    children: Option<Vec<Branch>>,
}

impl Registry {
    /// The tree, in the order of the routes.
    pub fn tree(&self) -> Vec<Branch> {
        let mut parts: Vec<Branch> = Vec::new();
        for (entry, permission, [part, subject, label]) in self.leaf_entries() {
            let part_node = grown(&mut parts, part.to_owned(), part);
            let subjects = part_node.children.get_or_insert_default();
            let subject_node = grown(subjects, format!("{part}/{subject}"), subject);
            subject_node.children.get_or_insert_default().push(Branch {
                id: permission.to_owned(),
                label: label.to_owned(),
                api: Some(entry.api()),
                children: None,
            });
        }
        parts
    }

    /// Leaves of the tree that these permissions include, each once.
    pub fn leaves(&self, held: &[String]) -> Vec<String> {
        let mut leaves: Vec<String> = Vec::new();
        for (_, permission, _) in self.leaf_entries() {
            if allows(held, permission) && !leaves.iter().any(|known| known == permission) {
                leaves.push(permission.to_owned());
            }
        }
        leaves
    }

    /// Whether a permission is a leaf of the tree. Only such can be given: `*` and prefixes are for those
    /// who set an installation up.
    pub fn knows(&self, permission: &str) -> bool {
        self.leaf_entries().any(|(_, known, _)| known == permission)
    }

    fn leaf_entries(&self) -> impl Iterator<Item = (&Entry, &'static str, [&'static str; 3])> {
        self.0.iter().filter_map(|entry| match (entry.need, entry.menu) {
            (Need::Permission(permission), Some(menu)) => Some((entry, permission, menu)),
            _ => None,
        })
    }
}

/// The node of an id among its siblings, added if it is not there.
fn grown<'a>(siblings: &'a mut Vec<Branch>, id: String, label: &str) -> &'a mut Branch {
    let at = siblings.iter().position(|node| node.id == id).unwrap_or_else(|| {
        siblings.push(Branch { id, label: label.to_owned(), api: None, children: None });
        siblings.len() - 1
    });
    &mut siblings[at]
}

/// The registry as handlers get it.
pub type SharedRegistry = Arc<Registry>;

/// Whether held permissions include a needed one. A held one that is a prefix by whole segments, or has
/// `*` for a segment, includes the longer ones; letter case is ignored.
pub fn allows(held: &[String], needed: &str) -> bool {
    held.iter().any(|held| implies(held.trim(), needed))
}

fn implies(held: &str, needed: &str) -> bool {
    if held.is_empty() {
        return false;
    }
    let mut needed = needed.split(':');
    // Every segment held must be met; what the needed one has beyond them is included.
    held.split(':').all(|segment| match needed.next() {
        Some(wanted) => segment == "*" || segment.eq_ignore_ascii_case(wanted),
        None => segment == "*",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_match_by_whole_segments() {
        let held = |text: &str| vec![text.to_owned()];
        for (text, needed, expected) in [
            ("*", "admin:seckill:list", true),
            ("admin:seckill:list", "admin:seckill:list", true),
            ("ADMIN:Seckill", "admin:seckill:list", true),
            ("admin:*:list", "admin:seckill:list", true),
            ("admin:*:list", "admin:seckill:read", false),
            ("admin:seck", "admin:seckill:list", false),
            ("admin:seckill:list:more", "admin:seckill:list", false),
            ("", "admin:seckill:list", false),
            (" ", "admin:seckill:list", false),
        ] {
            assert_eq!(allows(&held(text), needed), expected, "{text}");
        }
        assert!(!allows(&[], "admin:seckill:list"));
    }

    #[test]
    fn the_tree_has_three_levels_and_its_groups_are_unique() {
        let entry = |path: &str, permission, menu| Entry {
            method: "GET".into(),
            path: path.into(),
            features: "",
            need: Need::Permission(permission),
            menu: Some(menu),
            sensitive: false,
        };
        let registry = Registry(vec![
            entry("/admin/a/list", "admin:a:list", ["Promotion", "Notices", "Query"]),
            entry("/admin/b/list", "admin:b:list", ["System", "Notices", "Query"]),
            entry("/admin/a/read", "admin:a:list", ["Promotion", "Notices", "Detail"]),
        ]);
        let tree = registry.tree();
        let ids = |nodes: &[Branch]| nodes.iter().map(|node| node.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&tree), ["Promotion", "System"]);
        let subjects = tree[0].children.as_deref().unwrap();
        assert_eq!(ids(subjects), ["Promotion/Notices"]);
        let leaves = subjects[0].children.as_deref().unwrap();
        assert_eq!((leaves.len(), leaves[1].api.as_deref()), (2, Some("GET /admin/a/read")));
        assert_eq!(registry.leaves(&["*".into()]), ["admin:a:list", "admin:b:list"]);
        assert_eq!(registry.leaves(&["admin:b".into()]), ["admin:b:list"]);
        assert!(registry.knows("admin:b:list") && !registry.knows("*"));
    }

    #[test]
    fn the_list_for_the_menu_is_never_empty() {
        let entry = |path: &str, need| Entry {
            method: "GET".into(),
            path: path.into(),
            features: "",
            need,
            menu: None,
            sensitive: false,
        };
        let registry = Registry(vec![
            entry("/admin/a", Need::Permission("admin:a")),
            entry("/admin/info", Need::Login),
            entry("/wx/x", Need::Login),
        ]);
        assert_eq!(registry.granted(&["*".into()]), ["*"]);
        assert!(registry.tree().is_empty() && !registry.knows("admin:a"), "no menu, no leaf");
        assert_eq!(registry.granted(&["admin:a".into()]), ["GET /admin/a"]);
        assert_eq!(registry.granted(&[]), ["GET /admin/info"]);
    }
}
