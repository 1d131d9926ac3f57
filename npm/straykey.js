#!/usr/bin/env node
// Runs the binary of the package that npm installed for this platform, and ends as it ends.
"use strict";

const { spawn } = require("node:child_process");

const { name, optionalDependencies } = require("./package.json");

// The packages for this machine; on Linux one for each C library.
function packages() {
  const platform = `@straykey/${process.platform}-${process.arch}`;
  return Object.keys(optionalDependencies).filter((p) => p === platform || p.startsWith(`${platform}-`));
}

function binaryOf(package_) {
  const file = process.platform === "win32" ? "straykey.exe" : "straykey";
  try {
    return require.resolve(`${package_}/${file}`);
  } catch {
    return undefined;
  }
}

function isGlibc() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

// An npm that does not know `libc` installs both packages of Linux.
function choose(installed) {
  if (installed.length < 2) return installed[0];
  const wanted = isGlibc() ? "-gnu" : "-musl";
  return installed.find((p) => p.endsWith(wanted));
}

function fail(message) {
  console.error(`${name}: ${message}`);
  process.exitCode = 2;
}

function run(binary) {
  const child = spawn(binary, process.argv.slice(2), { stdio: "inherit", windowsHide: true });
  // Ctrl+C reaches both of us: the child decides, and a signal to us alone is meant for it.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"].filter((s) => process.platform !== "win32" || s === "SIGINT");
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`cannot run \`${binary}\`: ${error.message}`));
  child.on("exit", (code, signal) => {
    for (const s of signals) process.removeAllListeners(s);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

function main() {
  const fitting = packages();
  if (fitting.length === 0) {
    fail(`there is no binary for ${process.platform} on ${process.arch}; build it with \`cargo install straykey\``);
    return;
  }
  const installed = choose(fitting.filter((p) => binaryOf(p) !== undefined));
  if (installed === undefined) {
    fail(
      `the package ${fitting.join(" or ")} is not installed. It is an optional dependency: install again ` +
        "without `--omit=optional` and without a lock file or `node_modules` of another platform",
    );
    return;
  }
  run(binaryOf(installed));
}

main();
