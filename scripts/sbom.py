#!/usr/bin/env python3
"""What is linked into the module: sbom.py sbom | licences

`sbom` prints a bill of materials (CycloneDX 1.6, JSON), `licences` the texts of all licences. Both say the same on every machine
that builds these sources for this target; SOURCE_DATE_EPOCH is their time.

It is a script of our own because cargo itself knows the answer (`cargo tree`, less what only runs while building), and the tools
that write such bills take minutes to be compiled, which every package that carries one would have to wait for.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import tomllib
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULE = "postern"
FORMAT = "|{p}|{l}|{r}"
TEXTS = re.compile(r"^(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE)([-._].*)?$", re.I)


def run(*command):
    """What a command prints."""
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def compiler():
    """The compiler's version and the target that it builds for, as `rustc -vV` tells them."""
    facts = dict(line.split(": ", 1) for line in run("rustc", "-vV").splitlines() if ": " in line)
    return facts["release"], facts["host"]


def linked_crates(target):
    """The crates of the module by reference, and what each of them depends on."""
    lines = run("cargo", "tree", "--locked", "--package", MODULE, "--target", target, "--edges", "normal,no-proc-macro",
                "--prefix", "depth", "--format", FORMAT).splitlines()
    crates, depends, path = {}, {}, []
    for line in lines:
        depth, package, license_, repository = line.removesuffix(" (*)").split("|")
        name, version = package.split()[:2]
        version = version.removeprefix("v")
        reference = f"pkg:cargo/{name}@{version}"
        crates[reference] = {"name": name, "version": version, "license": license_, "repository": repository}
        depends.setdefault(reference, set())
        path[int(depth):] = [reference]
        if len(path) > 1:
            depends[path[-2]].add(reference)
    return crates, depends


def checksums():
    """The SHA-256 of each crate that comes from a registry."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}


def component(reference, crate, checksum):
    """A crate in CycloneDX's words."""
    entry = {"type": "library", "bom-ref": reference, "name": crate["name"], "version": crate["version"]}
    if checksum:
        # What is of this project is in no registry, where another one could take its name.
        entry["purl"] = reference
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if crate["license"]:
        # Older manifests write a stroke where SPDX has OR.
        entry["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", crate["license"])}]
    if crate["repository"]:
        entry["externalReferences"] = [{"type": "vcs", "url": crate["repository"]}]
    return entry


def bill_of_materials():
    """The whole bill; its number is made of what it says."""
    release, target = compiler()
    crates, depends = linked_crates(target)
    sums = checksums()
    components = {
        reference: component(reference, crate, sums.get((crate["name"], crate["version"])))
        for reference, crate in crates.items()
    }
    root = next(reference for reference, crate in crates.items() if crate["name"] == MODULE)
    # The standard library is linked into everything, and no crate says so.
    std = f"pkg:generic/rust-std@{release}"
    components[std] = component(std, {
        "name": "rust-std", "version": release, "license": "MIT OR Apache-2.0",
        "repository": "https://github.com/rust-lang/rust",
    }, None)
    depends[root].add(std)
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))),
            "lifecycles": [{"phase": "build"}],
            "component": components.pop(root),
            "properties": [{"name": "postern:target", "value": target}],
        },
        "components": [components[reference] for reference in sorted(components)],
        "dependencies": [{"ref": reference, "dependsOn": sorted(depends.get(reference, ()))}
                         for reference in sorted([root, *components])],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill, sort_keys=True))
    return {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "serialNumber": number.urn, **bill}


def licence_files(folder):
    """The licences of a crate, and of the sources of others that it carries."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and TEXTS.match(path.name) and len(path.relative_to(folder).parts) <= 4:
            yield path


def licences():
    """Each text once, with the crates that it is the licence of."""
    _, target = compiler()
    crates, _ = linked_crates(target)
    metadata = json.loads(run("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    folders = {(package["name"], package["version"]): pathlib.Path(package["manifest_path"]).parent
               for package in metadata["packages"] if package["source"]}
    texts, owners = {}, {}
    yield "The module has these crates in it, under these licences:\n\n"
    for reference, crate in sorted(crates.items()):
        key = crate["name"], crate["version"]
        if key not in folders:
            continue
        yield f"  {crate['name']} {crate['version']}: {crate['license']}\n"
        for path in licence_files(folders[key]):
            text = path.read_text(errors="replace").strip()
            digest = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
            texts.setdefault(digest, text)
            owners.setdefault(digest, []).append(f"{crate['name']} {crate['version']} ({path.relative_to(folders[key])})")
    for digest, text in texts.items():
        yield f"\n{'=' * 100}\n" + "".join(f"{owner}\n" for owner in sorted(owners[digest])) + f"\n{text}\n"


def main():
    if sys.argv[1:] == ["sbom"]:
        json.dump(bill_of_materials(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif sys.argv[1:] == ["licences"]:
        sys.stdout.writelines(licences())
    else:
        sys.exit(__doc__)


main()
