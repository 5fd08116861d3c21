//! The binary embeds what npm installed and built in client-demo; cargo cannot see these folders come or change.

use std::path::Path;

fn main() {
    for made in ["client-demo/node_modules/.package-lock.json", "client-demo/dist/index.html"] {
        let watched = if Path::new(made).exists() { made } else { "client-demo" };
        println!("cargo:rerun-if-changed={watched}");
    }
}
