//! What functions become, as one reads it in `cargo expand`: each file of `expansions` has a function and
//! what it becomes, which `EXPANSIONS=overwrite cargo test -p stream-events-macros` writes anew.

use crate::expand::expand;
use std::path::{Path, PathBuf};
use std::{env, fs};
use syn::{Attribute, ItemFn};

#[test]
fn functions_become_what_they_did() {
    for file in files() {
        let recorded = fs::read_to_string(&file).expect("a text");
        let (given, becomes) = pretty(&recorded);
        let text = format!("{given}\n{BETWEEN}\n{becomes}");
        if env::var_os("EXPANSIONS").is_some() {
            fs::write(&file, text).expect("written");
        } else {
            assert!(text == recorded, "{} is:\n{text}", file.display());
        }
    }
}

#[test]
fn a_function_becomes_at_most_twelve_lines_longer() {
    for file in files() {
        let (given, becomes) = pretty(&fs::read_to_string(&file).expect("a text"));
        let more = becomes.lines().count() - given.lines().count();
        assert!(more <= 12, "{more} more lines in {}", file.display());
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/expansions");
    let entries = fs::read_dir(folder).expect("a folder");
    let files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    assert!(files.len() >= 8, "{files:?}");
    files
}

/// The function of a file and what it becomes, both in the same form.
fn pretty(recorded: &str) -> (String, String) {
    let given = recorded.split(BETWEEN).next().expect("a first part");
    let given = syn::parse_file(given).expect("a function");
    let mut item: ItemFn = syn::parse2(quote::quote!(#given)).expect("a function");
    let args = item
        .attrs
        .extract_if(.., is_ours)
        .next()
        .expect("annotated");
    let args = args
        .meta
        .require_list()
        .expect("with arguments")
        .tokens
        .clone();
    let expanded = expand(args, quote::quote!(#item)).expect("no mistake");
    let becomes = syn::parse2(expanded).expect("a function");
    (
        prettyplease::unparse(&given),
        prettyplease::unparse(&becomes),
    )
}

fn is_ours(attr: &mut Attribute) -> bool {
    attr.path().is_ident("job_events")
}

const BETWEEN: &str = "// becomes\n";
