# Installs programs, manual pages and data.
