#include "net/tls_source.h"

#include <chrono>
#include <sys/stat.h>
#include <utility>

namespace parley::net::tls {

Source::Source(std::vector<Files> files)
    : files_(std::move(files)),
      tickets_(Instant{std::chrono::duration_cast<Duration>(
          std::chrono::steady_clock::now().time_since_epoch())}) {}

std::unique_ptr<Source> Source::load(std::vector<Files> files, std::string& error) {
    std::unique_ptr<Source> made{new Source(std::move(files))};
    return made->reload(error) ? std::move(made) : nullptr;
}

std::unique_ptr<Source> Source::self_signed(const std::string& host, std::string& error) {
    std::unique_ptr<Source> made{new Source({})};
    Certificates certificates;
    certificates.push_back(Certificate::self_signed(host, error));
    if (!certificates.front()) return nullptr;
    return made->use(std::move(certificates), error) ? std::move(made) : nullptr;
}

Context Source::context() const {
    const std::lock_guard lock{mutex_};
    return present_.share();
}

bool Source::reload(std::string& error) {
    if (files_.empty()) return true;
    tried_ = stamps();  // before: what changes while they are read is a change
    Certificates certificates;
    for (const Files& each : files_) {
        certificates.push_back(Certificate::load(each, error));
        if (!certificates.back()) return false;
    }
    return use(std::move(certificates), error);
}

bool Source::use(Certificates certificates, std::string& error) {
    Context made = Context::server(certificates, tickets_, error);
    if (!made) return false;
    certificates_ = std::move(certificates);
    const std::lock_guard lock{mutex_};
    present_ = std::move(made);
    return true;
}

bool Source::changed() {
    if (files_.empty()) return false;
    const std::vector<Stamp> before = std::exchange(seen_, stamps());
    return seen_ != tried_ && seen_ == before;
}

std::vector<Source::Stamp> Source::stamps() const {
    std::vector<Stamp> all;
    const auto look = [&all](const std::string& path) {
        struct stat found {};
        if (stat(path.c_str(), &found) != 0) return void(all.emplace_back());
        const auto modified = std::chrono::seconds{found.st_mtim.tv_sec} +
                              std::chrono::nanoseconds{found.st_mtim.tv_nsec};
        all.push_back(
            {.inode = found.st_ino, .size = found.st_size, .modified_ns = modified.count()});
    };
    for (const Files& each : files_) {
        look(each.certificate);
        look(each.key);
    }
    return all;
}

std::vector<std::string> Source::warnings() const {
    std::vector<std::string> all;
    for (const auto& each : certificates_) {
        if (std::string warning = each->warning(); !warning.empty()) all.push_back(warning);
    }
    return all;
}

std::string Source::fingerprint() const {
    return certificates_.front()->fingerprint();
}

}  // namespace parley::net::tls
