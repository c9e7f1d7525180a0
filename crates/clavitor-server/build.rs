//! Embeds the built web application (web/dist), or a page that says how to build it.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

type Failure = Box<dyn std::error::Error>;

const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Clavitor</title><h1>The web application was not built</h1>\
<p>This node works, but its binary was built without the web application. Run <code>npm ci</code> and <code>npm run build</code> in <code>web/</code>, \
then build the binary again; or type <code>make run</code>, which does both.</p></html>\n";
/// The hash of the text above; a test compares.
const MISSING_INTEGRITY: &str = "sha256-oGjInZk/cEcWtrVnTxfJRAzRP08VJJhegkerJg5IhLo=";

fn main() -> Result<(), Failure> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist");
    println!("cargo::rerun-if-changed={}", root.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let source = match fs::read_to_string(root.join("assets.json")) {
        Ok(manifest) => embedded(&root, &out, &manifest).or_else(|error| {
            println!("cargo::warning=web/dist is not whole ({error}); the binary is built without the web application");
            missing()
        })?,
        Err(_) => missing()?,
    };
    fs::write(out.join("embedded.rs"), source)?;
    Ok(())
}

/// One value for each file that the bundle's manifest names. The files are copied first: a bundle that is built meanwhile changes nothing.
fn embedded(root: &Path, out: &Path, manifest: &str) -> Result<String, Failure> {
    let manifest: serde_json::Value = serde_json::from_str(manifest)?;
    let files = manifest["files"].as_object().ok_or("assets.json names no files")?;
    let mut source = format!("static FILES: [File; {}] = [\n", files.len());
    for (number, (path, file)) in files.iter().enumerate() {
        let member = |name: &str| file[name].as_str().ok_or_else(|| format!("{path} has no {name} in assets.json"));
        let from = format!("{}{path}", root.display());
        let brotli = included(&format!("{from}.br"), out, &format!("{number}.br"))?;
        let gzip = included(&format!("{from}.gz"), out, &format!("{number}.gz"))?;
        let length = fs::metadata(&from)?.len();
        let (media_type, integrity) = (member("type")?, member("integrity")?);
        writeln!(
            source,
            "File {{ path: {path:?}, media_type: {media_type:?}, integrity: {integrity:?}, \
             copies: Copies::Compressed {{ brotli: {brotli}, gzip: {gzip}, length: {length}, plain: OnceLock::new() }} }},"
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

/// Copies a file beside the generated source, and says how it is included there.
fn included(from: &str, out: &Path, name: &str) -> Result<String, Failure> {
    let to = out.join(format!("asset-{name}"));
    fs::write(&to, fs::read(from).map_err(|error| format!("{from}: {error}"))?)?;
    Ok(format!("include_bytes!({to:?})"))
}

fn missing() -> Result<String, Failure> {
    let mut source = String::new();
    writeln!(
        source,
        "static FILES: [File; 1] = [File {{ path: \"/index.html\", media_type: \"text/html; charset=utf-8\", integrity: {MISSING_INTEGRITY:?}, \
         copies: Copies::Plain({MISSING:?}.as_bytes()) }}];"
    )?;
    source.push_str("static SCRIPT_SOURCES: &[&str] = &[];\nstatic STYLE_SOURCES: &[&str] = &[];\n");
    Ok(source)
}
