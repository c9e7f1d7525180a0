//! Embeds the built web application (web/dist), or a page that says how to build it.

use std::{env, fmt::Write as _, fs, path::Path};

type Failure = Box<dyn std::error::Error>;

const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Clavitor</title><h1>The web application was not built</h1>\
<p>This node works, but its binary was built without the web application. Run <code>npm ci</code> and <code>npm run build</code> in <code>web/</code>, \
then build the binary again; or type <code>make run</code>, which does both.</p></html>\n";
/// The hash of the text above; a test compares.
const MISSING_INTEGRITY: &str = "sha256-oGjInZk/cEcWtrVnTxfJRAzRP08VJJhegkerJg5IhLo=";

fn main() -> Result<(), Failure> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist");
    println!("cargo::rerun-if-changed={}", root.join("assets.json").display());
    println!("cargo::rerun-if-changed={}", root.display());
    let out = Path::new(&env::var("OUT_DIR")?).join("embedded.rs");
    let source = match fs::read_to_string(root.join("assets.json")) {
        Ok(manifest) => embedded(&root.canonicalize()?, &manifest)?,
        Err(_) => missing()?,
    };
    fs::write(out, source)?;
    Ok(())
}

/// One constant for each file that the bundle's manifest names.
fn embedded(root: &Path, manifest: &str) -> Result<String, Failure> {
    let manifest: serde_json::Value = serde_json::from_str(manifest)?;
    let mut source = String::from("static FILES: &[File] = &[\n");
    for (path, file) in manifest["files"].as_object().ok_or("assets.json names no files")? {
        let member = |name: &str| file[name].as_str().ok_or_else(|| format!("{path} has no {name} in assets.json"));
        let on_disk = format!("{}{path}", root.display());
        writeln!(
            source,
            "File {{ path: {path:?}, media_type: {:?}, integrity: {:?}, plain: include_bytes!({on_disk:?}), brotli: {}, gzip: {} }},",
            member("type")?,
            member("integrity")?,
            compressed(&format!("{on_disk}.br")),
            compressed(&format!("{on_disk}.gz")),
        )?;
    }
    source.push_str("];\n");
    for (name, member) in [("SCRIPT_SOURCES", "script_src"), ("STYLE_SOURCES", "style_src")] {
        let sources = manifest[member].as_array().ok_or_else(|| format!("assets.json has no {member}"))?;
        let sources: Vec<&str> = sources.iter().filter_map(|source| source.as_str()).collect();
        writeln!(source, "static {name}: &[&str] = &{sources:?};")?;
    }
    Ok(source)
}

fn compressed(path: &str) -> String {
    if Path::new(path).exists() { format!("Some(include_bytes!({path:?}))") } else { "None".to_owned() }
}

fn missing() -> Result<String, Failure> {
    let mut source = String::new();
    writeln!(
        source,
        "static FILES: &[File] = &[File {{ path: \"/index.html\", media_type: \"text/html; charset=utf-8\", integrity: {MISSING_INTEGRITY:?}, \
         plain: {MISSING:?}.as_bytes(), brotli: None, gzip: None }}];"
    )?;
    source.push_str("static SCRIPT_SOURCES: &[&str] = &[];\nstatic STYLE_SOURCES: &[&str] = &[];\n");
    Ok(source)
}
