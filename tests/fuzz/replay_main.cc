// Runs a fuzz target once over every file of the folders named, without a fuzzer: so that the
// corpora, and the inputs that once broke something, are tried with every compiler and at each
// change.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void run_once(const std::vector<std::uint8_t>& input) {
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator{argv[i]}) {
            if (!entry.is_regular_file()) continue;
            std::printf("%s\n", entry.path().c_str());  // the last line names a culprit
            std::fflush(stdout);
            const auto input = read_file(entry.path());
            run_once(input);
            // Its beginnings too: what is cut off must not be read either.
            for (std::size_t size = 0; size < input.size(); size += 1 + input.size() / 64) {
                run_once({input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size)});
            }
            ++count;
        }
    }
    std::printf("%zu inputs\n", count);
    return count > 0 ? 0 : 1;
}
