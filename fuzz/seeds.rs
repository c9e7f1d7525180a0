//! Writes the good inputs of one target into its corpus, so that the fuzzer does not begin with nothing. Usage: `seeds <target> <folder>`.

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (target, folder) = (words.next().ok_or("no target")?, words.next().ok_or("no folder")?);
    let inputs = clavitor_person::feed::good_inputs()?;
    for (number, input) in inputs.get(target.as_str()).into_iter().flatten().enumerate() {
        fs::write(Path::new(&folder).join(format!("seed-{number}")), input)?;
    }
    Ok(())
}
