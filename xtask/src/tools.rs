//! What others have written, installed for us alone under target/tools.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Failure, Outcome, program};
use crate::workspace;

/// The folder of that name.
pub fn folder(name: &str) -> PathBuf {
    workspace::root().join("target/tools").join(name)
}

/// Installs what `requirements` asks for, unless it is there; answers the folder with the programs
/// of a Python that has it.
pub fn install_python(name: &str, requirements: &Path) -> Outcome<PathBuf> {
    let own = folder(name);
    let (installed, programs) = (own.join("requirements.txt"), own.join("bin"));
    if !programs.is_dir() || !is_same(requirements, &installed) {
        onsale_testbed::find_python()?;
        println!("{name}: packages are missing and are now installed into target/tools");
        program("python3").args(&["-m", "venv", "--clear"]).path_arg(&own).run()?;
        program(programs.join("pip"))
            .args(&["install", "--quiet", "--requirement"])
            .path_arg(requirements)
            .run()?;
        // The last thing, so that it says that all went well.
        copy(requirements, &installed)?;
    }
    Ok(programs)
}

/// Whether both files are there, and the same.
pub fn is_same(wanted: &Path, installed: &Path) -> bool {
    let read = |path: &Path| fs::read(path).ok();
    read(installed).is_some_and(|bytes| read(wanted) == Some(bytes))
}

/// Copies a file into a folder that may have to be made.
pub fn copy(from: &Path, to: &Path) -> Outcome {
    let folder = to.parent().unwrap_or(to);
    let copied = fs::create_dir_all(folder).and_then(|()| fs::copy(from, to));
    copied.map(drop).map_err(|error| Failure(format!("{} is not copied: {error}", from.display())))
}
