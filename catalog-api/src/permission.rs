//! What every route needs, collected where it is routed. The permission tree, the `perms` list and the
//! checks all come from this registry; a route that declares nothing does not compile.

use std::sync::Arc;

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
        assert_eq!(registry.granted(&["admin:a".into()]), ["GET /admin/a"]);
        assert_eq!(registry.granted(&[]), ["GET /admin/info"]);
    }
}
