"""What a watermark survives, measured on real photographs beside its peers. Run by `make bench-watermark`."""
