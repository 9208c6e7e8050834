#include "doctor.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include <parley/doctor.h>

namespace parley::daemon {
namespace {

constexpr int name_width = 29;  // of the longest

const char* word_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return "pass";
        case Verdict::warn:
            return "warn";
        case Verdict::fail:
            return "FAIL";
    }
    return "";
}

void print_row(const Finding& finding) {
    std::printf("%s  %-*s %s\n", word_of(finding.verdict), name_width, finding.what.c_str(),
                finding.found.c_str());
    if (finding.verdict == Verdict::pass) return;
    std::printf("        why  %s\n        do   %s\n", finding.cause.c_str(), finding.fix.c_str());
}

// RFC 8259 section 7.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char each : text) {
        if (each == '"' || each == '\\') {
            out += '\\';
            out += each;
        } else if (static_cast<unsigned char>(each) < 0x20) {
            std::array<char, 8> escaped{};
            std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(each));
            out += escaped.data();
        } else {
            out += each;
        }
    }
    return out + '"';
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char each) {
        return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
    });
    return text;
}

void print_json(const std::vector<Finding>& findings) {
    std::string out = "[";
    for (const Finding& each : findings) {
        out += out.size() > 1 ? ",\n " : "";
        out += "{\"what\": " + quoted(each.what);
        out += ", \"verdict\": " + quoted(lower(word_of(each.verdict)));
        out += ", \"found\": " + quoted(each.found) + ", \"cause\": " + quoted(each.cause);
        out += ", \"fix\": " + quoted(each.fix) + "}";
    }
    std::printf("%s]\n", out.c_str());
}

}  // namespace

bool print_findings(const Options& options, Report report) {
    const std::vector<Finding> findings = examine(options);
    if (report == Report::json) {
        print_json(findings);
    } else {
        for (const Finding& each : findings)
            print_row(each);
    }
    return std::ranges::none_of(findings,
                                [](const Finding& each) { return each.verdict == Verdict::fail; });
}

}  // namespace parley::daemon
