#pragma once

namespace segue::index {

/// Lets Lucene++ initialise its lazy statics on one thread, once per process; without it 58 of 300 cold
/// starts with 8 threads crashed or hung. Called before any other use of Lucene++. Thread-safe: all callers
/// wait for the first.
void ensure_lucene_warm();

}  // namespace segue::index
