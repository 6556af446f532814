"""Networks, their files on disk and the devices they run on."""
