//! A case and the folder of cases.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value as Json, json};

use super::run::{Refused, run};

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Path below `vectors/`, without `.json`.
    pub path: String,
    /// The operation.
    pub op: String,
    /// One sentence for people.
    pub why: String,
    /// `ok`, or the layer that must refuse.
    pub layer: String,
    /// What goes in.
    pub input: Map<String, Json>,
    /// What must come out.
    pub out: Option<Json>,
}

impl Case {
    /// A case that must come out as it does now.
    ///
    /// # Errors
    /// A message if it is refused.
    pub(super) fn ok(path: &str, op: &str, why: &str, input: Json) -> Result<Self, String> {
        let mut case = Self::new(path, op, why, "ok", input)?;
        case.out = Some(run(op, &case.input).map_err(|refused| format!("{path}: {refused:?}"))?);
        Ok(case)
    }

    /// A case that this layer must refuse.
    ///
    /// # Errors
    /// A message if it is not refused, or by another layer.
    pub(super) fn refused(path: &str, op: &str, layer: &str, why: &str, input: Json) -> Result<Self, String> {
        let case = Self::new(path, op, why, layer, input)?;
        case.check()?;
        Ok(case)
    }

    fn new(path: &str, op: &str, why: &str, layer: &str, input: Json) -> Result<Self, String> {
        let Json::Object(input) = input else { return Err(format!("{path}: in is no object")) };
        let (path, op, why, layer) = (path.to_owned(), op.to_owned(), why.to_owned(), layer.to_owned());
        Ok(Self { path, op, why, layer, input, out: None })
    }

    /// Runs the case.
    ///
    /// # Errors
    /// A message if it does not come out as it says.
    pub fn check(&self) -> Result<(), String> {
        let result: Result<Json, Refused> = run(&self.op, &self.input);
        let as_it_says = match (&result, &self.out) {
            (Ok(out), Some(expected)) => self.layer == "ok" && out == expected,
            (Err(refused), None) => refused.is(&self.layer),
            _ => false,
        };
        if as_it_says { Ok(()) } else { Err(format!("{}: expected {}, got {result:?}", self.path, self.layer)) }
    }

    fn json(&self) -> Json {
        let mut json = json!({"op": self.op, "why": self.why, "layer": self.layer, "in": self.input});
        if let Some(out) = &self.out {
            json["out"] = out.clone();
        }
        json
    }

    /// The file's text, members in the order of the schema.
    fn text(&self) -> Result<String, serde_json::Error> {
        let mut text = String::from("{\n");
        let json = self.json();
        let members: Vec<&str> = ["op", "why", "layer", "in", "out"].into_iter().filter(|name| json.get(name).is_some()).collect();
        for (i, name) in members.iter().enumerate() {
            let value = serde_json::to_string_pretty(&json[*name])?.replace('\n', "\n  ");
            let comma = if i + 1 < members.len() { "," } else { "" };
            text.push_str(&format!("  \"{name}\": {value}{comma}\n"));
        }
        text.push_str("}\n");
        Ok(text)
    }
}

/// The folder `vectors/`.
pub struct Folder(PathBuf);

impl Default for Folder {
    /// The one of this repository.
    fn default() -> Self {
        Self(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors"))
    }
}

impl Folder {
    /// Every case in the folder and below, by path.
    ///
    /// # Errors
    /// An error that names the file it is about.
    pub fn read(&self) -> io::Result<Vec<Case>> {
        let (mut cases, mut folders) = (Vec::new(), vec![self.0.clone()]);
        while let Some(folder) = folders.pop() {
            for found in fs::read_dir(folder)? {
                let path = found?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "json") {
                    cases.push(self.read_case(&path)?);
                }
            }
        }
        cases.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(cases)
    }

    fn read_case(&self, path: &Path) -> io::Result<Case> {
        let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", path.display()));
        let json: Map<String, Json> = serde_json::from_slice(&fs::read(path)?).map_err(|_| bad("is no JSON object"))?;
        if json.keys().any(|name| !["op", "why", "layer", "in", "out"].contains(&name.as_str())) {
            return Err(bad("has an unknown member"));
        }
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned).ok_or_else(|| bad(name));
        let name = path.strip_prefix(&self.0).unwrap_or(path).with_extension("");
        Ok(Case {
            path: name.to_string_lossy().replace('\\', "/"),
            op: text("op")?,
            why: text("why")?,
            layer: text("layer")?,
            input: json.get("in").and_then(Json::as_object).cloned().ok_or_else(|| bad("in"))?,
            out: json.get("out").cloned(),
        })
    }

    /// Writes what is new or different, and gives the paths.
    ///
    /// # Errors
    /// An error of the file system.
    pub fn write(&self, cases: &[Case]) -> io::Result<Vec<String>> {
        let present = self.read()?;
        let mut written = Vec::new();
        for case in cases.iter().filter(|case| !present.contains(case)) {
            let path = self.0.join(format!("{}.json", case.path));
            path.parent().map(fs::create_dir_all).transpose()?;
            fs::write(path, case.text().map_err(io::Error::other)?)?;
            written.push(case.path.clone());
        }
        Ok(written)
    }
}
