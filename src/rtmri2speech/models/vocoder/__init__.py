"""HiFi-GAN: generator, discriminators, and the generator's fast form for CPUs."""
