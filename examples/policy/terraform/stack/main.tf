# What a stack stands on. A company's own providers make the hosts; here their place is taken by what every Terraform has.
terraform {
  backend "local" {}
}

variable "name" {
  type = string
}

variable "size" {
  type = number
}

resource "terraform_data" "host" {
  count = var.size
  input = "${var.name}-${count.index + 1}"
}

output "hosts" {
  value = [for host in terraform_data.host : { name = host.output, address = "127.0.0.1" }]
}
