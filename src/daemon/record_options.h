// record_options: the options of `parley serve` about what is kept and how (docs/RECORDINGS.md).
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include <parley/options.h>

namespace parley::daemon {

/// What is read as words and made options by apply(). Must live until then.
struct RecordWords {
    std::string record;
    std::string sync;
    std::string keep;
    std::string bytes;
    std::string seal;
};

void add_record_options(CLI::App& serve, Options& options, RecordWords& words);

/// After parsing. False, with a sentence in `error`, if a word cannot be meant.
bool apply(const RecordWords& words, Options& options, std::string& error);

}  // namespace parley::daemon
