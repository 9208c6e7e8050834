#include "backup/backup.h"

namespace parley::backup {
namespace {

using Missing = Opened::Missing;

}  // namespace

bool info(const std::string& store, Info& info, std::string& error) {
    const auto opened = Opened::open(store, Missing::refuse, error);
    return opened && count(*opened, info, error);
}

bool verify(const std::string& store, std::vector<std::string>& problems, std::string& error) {
    const auto opened = Opened::open(store, Missing::refuse, error);
    return opened && verify(*opened, problems, error);
}

bool write(const std::string& store, std::FILE* out, std::string& error) {
    const auto opened = Opened::open(store, Missing::refuse, error);
    return opened && write(*opened, out, error);
}

bool read(const std::string& store, std::FILE* in, Into into, std::string& error) {
    const auto opened = Opened::open(store, Missing::create, error);
    return opened && read(*opened, in, into, error);
}

}  // namespace parley::backup
