//! The binary embeds what npm installed in client-demo; cargo cannot see that folder come or change.

use std::path::Path;

fn main() {
    let installed = "client-demo/node_modules/.package-lock.json";
    let watched = if Path::new(installed).exists() { installed } else { "client-demo" };
    println!("cargo:rerun-if-changed={watched}");
}
