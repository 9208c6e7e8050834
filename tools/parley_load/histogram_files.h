// HistogramFiles: what --histogram asks for.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "client/outcome.h"
#include "parley_load/report.h"
#include "parley_load/scenario.h"

namespace parley::load {

class HistogramFiles final {
public:
    /// Opens one for each series: the first at `path`, others beside it with their names behind;
    /// none if `path` is empty. Errors: a file cannot be written.
    static client::Outcome<HistogramFiles> open(const std::string& path, const Scenario& scenario);

    /// Once. Errors: not all of it could be written.
    client::Done write(const Report& report);

private:
    struct CloseFile {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    struct File {
        std::string path;
        std::unique_ptr<std::FILE, CloseFile> file;
    };

    std::vector<File> files_;
};

}  // namespace parley::load
